// A gateway over Headcount and the CRM.
import { composeServices } from '@apollo/composition';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { parse } from 'graphql';

// At deployment: one supergraph out of the schemas of services ({ name, url, sdl }).
// Nothing is asked of them. Hints are no errors: they say what a composer would like better.
export function compose(services) {
  const { supergraphSdl, errors = [], hints = [] } = composeServices(
    services.map(({ sdl, ...service }) => ({ ...service, typeDefs: parse(sdl) })),
  );
  const messages = (list) => list.map((each) => each.message);
  return { supergraphSdl, errors: messages(errors), hints: messages(hints) };
}

// At each request: the caller's own token goes on to Headcount, which decides by it.
class Headcount extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.token) request.http.headers.set('authorization', `Bearer ${context.token}`);
  }
}

export async function startGateway(supergraphSdl) {
  const gateway = new ApolloGateway({
    supergraphSdl,
    buildService: ({ name, url }) =>
      name === 'headcount' ? new Headcount({ url }) : new RemoteGraphQLDataSource({ url }),
    logger: { debug() {}, info() {}, warn() {}, error: console.error },
  });
  const { executor, schema } = await gateway.load();
  return {
    ask: (query, variables, token) =>
      executor({
        document: parse(query),
        request: { query, variables },
        context: { token },
        queryHash: query,
        schema,
        metrics: {},
      }),
    stop: () => gateway.stop(),
  };
}
