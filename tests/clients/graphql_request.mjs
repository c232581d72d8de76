import { GraphQLClient } from 'graphql-request';
import { take, text, url } from './steps.mjs';

function connect(token) {
  const client = new GraphQLClient(url, { headers: { authorization: `Bearer ${token}` } });
  return (variables) => client.request(text, variables);
}

await take(connect, (error) => error.response.errors[0].extensions.code);
