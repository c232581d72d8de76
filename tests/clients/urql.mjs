import { Client, cacheExchange, fetchExchange } from 'urql';
import { take, text, url } from './steps.mjs';

function connect(token) {
  const client = new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: () => ({ headers: { authorization: `Bearer ${token}` } }),
  });
  return async (variables) => {
    const { data, error } = await client.query(text, variables).toPromise();
    if (error) throw error;
    return data;
  };
}

await take(connect, (error) => error.graphQLErrors[0].extensions.code);
