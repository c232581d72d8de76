// Composes Headcount with the CRM, starts a gateway over both and asks it one question.
// In (stdin, JSON): { sdl, url, token, key, accounts, query, variables }
//   sdl: what Headcount answers to `{ _service { sdl } }`; key: how the CRM names a tenant.
// Out (stdout, JSON): { errors, hints, answer, crmRequests }
import { text } from 'node:stream/consumers';
import { composeServices } from '@apollo/composition';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { parse } from 'graphql';
import { serveCrm, typeDefs } from './crm.mjs';

const asked = JSON.parse(await text(process.stdin));
const crm = await serveCrm(asked.key, asked.accounts);

// 1. At deployment: one supergraph out of two schemas. Nothing is asked of either service.
const { supergraphSdl, errors = [], hints = [] } = composeServices([
  { name: 'headcount', url: asked.url, typeDefs: parse(asked.sdl) },
  { name: 'crm', url: crm.url, typeDefs: parse(typeDefs(asked.key)) },
]);
const messages = (list) => list.map((each) => each.message);

// 2. At each request: the caller's own token goes on to Headcount, which decides by it.
class Headcount extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.token) request.http.headers.set('authorization', `Bearer ${context.token}`);
  }
}

let answer = null;
if (supergraphSdl) {
  const gateway = new ApolloGateway({
    supergraphSdl,
    buildService: ({ name, url }) =>
      name === 'headcount' ? new Headcount({ url }) : new RemoteGraphQLDataSource({ url }),
    logger: { debug() {}, info() {}, warn() {}, error: console.error },
  });
  const { executor, schema } = await gateway.load();
  answer = await executor({
    document: parse(asked.query),
    request: { query: asked.query, variables: asked.variables },
    context: { token: asked.token },
    queryHash: 'only',
    schema,
    metrics: {},
  });
  await gateway.stop();
}
crm.close();
const told = { errors: messages(errors), hints: messages(hints) };
console.log(JSON.stringify({ ...told, answer, crmRequests: crm.requests() }));
