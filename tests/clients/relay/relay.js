// The compiler reads this file too: it wants the query's name to begin with the file's.
import runtime from 'relay-runtime';
import query from './__generated__/relayQuery.graphql.js';
import { take, url } from '../steps.mjs';

const { Environment, Network, RecordSource, Store, fetchQuery, graphql } = runtime;

export const document = () => graphql`
  query relayQuery($tenant: TenantBy!, $date: Date!, $after: String) {
    tenant(by: $tenant) {
      name
      billingReport(date: $date) {
        maxUsers
        users(first: 1500, after: $after) @connection(key: "Report_users") {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          edges {
            node {
              userId
              firstLoginAt
            }
          }
        }
      }
    }
  }
`;

function connect(token) {
  const network = Network.create(async ({ text }, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: text, variables }),
    });
    const answer = await response.json();
    if (answer.errors) throw Object.assign(new Error('refused'), answer);
    return answer;
  });
  const environment = new Environment({ network, store: new Store(new RecordSource()) });
  return (variables) => fetchQuery(environment, query, variables).toPromise();
}

await take(connect, (error) => error.errors[0].extensions.code);
