// A CRM as a subgraph: it knows the managers of accounts, and Headcount's tenants by one key.
import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';

const TYPES = { externalId: 'String', instanceId: 'UUID' };

export const typeDefs = (key) => `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

  scalar UUID

  type Query {
    accounts: AccountConnection!
  }
  type AccountConnection {
    nodes: [Account!]!
    pageInfo: PageInfo!
  }
  type PageInfo @shareable {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }
  type Account {
    name: String!
    tenant: Tenant
  }
  type Tenant @key(fields: "${key}") {
    ${key}: ${TYPES[key]}!
    accountManager: String
  }
`;

// Serves accounts ({ name, manager, key }) on a free port of this machine and counts requests.
export async function serveCrm(key, accounts) {
  const managers = new Map(accounts.map((account) => [account.key, account.manager]));
  const tenant = (value) => ({ [key]: value, accountManager: managers.get(value) });
  const schema = buildSubgraphSchema({
    typeDefs: parse(typeDefs(key)),
    resolvers: {
      Query: {
        accounts: () => ({
          nodes: accounts.map((each) => ({ name: each.name, tenant: tenant(each.key) })),
          pageInfo: { hasNextPage: false, hasPreviousPage: false },
        }),
      },
      Tenant: { __resolveReference: (reference) => tenant(reference[key]) },
    },
  });
  let requests = 0;
  const server = createServer(async (request, response) => {
    requests += 1;
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const answer = await graphql({ schema, source: body.query, variableValues: body.variables });
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/graphql`,
    requests: () => requests,
    close: () => server.close(),
  };
}
