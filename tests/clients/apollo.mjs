import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { take, text, url } from './steps.mjs';

const query = gql(text);

function connect(token) {
  const link = new HttpLink({ uri: url, headers: { authorization: `Bearer ${token}` } });
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return async (variables) => (await client.query({ query, variables })).data;
}

await take(connect, (error) => CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code);
