// Every rule of @graphql-eslint for schemas and for Relay's connections; what differs from them
// differs for the reason beside it. From the folder of a schema.graphql:
// `eslint --config <this file> schema.graphql`.
import graphql from '@graphql-eslint/eslint-plugin';

const { rules } = graphql;

// A rule that has no option for exceptions, without the findings that `expected` knows.
const except = (name, expected) => ({
  ...rules[name],
  create: (context) =>
    rules[name].create(
      Object.create(context, {
        report: { value: (finding) => expected(finding) || context.report(finding) },
      }),
    ),
});

const plugin = {
  ...graphql,
  rules: {
    ...rules,
    // Nothing can refer to ErrorCode: GraphQL has no types for errors. It is in the schema to
    // document errors[].extensions.code where clients and their code generators look.
    'no-unreachable-types': except(
      'no-unreachable-types',
      ({ data }) => data.typeName === 'ErrorCode',
    ),
    // There always is a viewer: a request without one ends with 401 before GraphQL begins.
    'require-nullable-result-in-root': except(
      'require-nullable-result-in-root',
      ({ node }) => node.parent.name.value === 'viewer',
    ),
  },
};

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'schema.graphql' } },
    },
    plugins: { '@graphql-eslint': plugin },
    rules: {
      ...graphql.configs['flat/schema-all'].rules,
      ...graphql.configs['flat/schema-relay'].rules,

      // Stricter than they are: every item, not only types and root fields.
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          DirectiveDefinition: true,
          // GraphQL's own, printed for tools that do not know it yet.
          ignoredSelectors: ['DirectiveDefinition[name.value=oneOf]'],
        },
      ],

      // Weaker than they are.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            // Parts of one answer, which no client keeps by itself.
            suffixes: ['Connection', 'Edge', 'Payload'],
            types: [
              'PageInfo',
              'UserError',
              // Values: two that are equal are the same.
              'BillingTrend',
              'DailyMaxUsers',
              'DateRange',
              'ViewerPermissions',
              // Its userId is unique within its tenant only; a cache that took it for the ID of
              // an object would mix up the users of two tenants.
              'BilledUser',
            ],
          },
        },
      ],
      '@graphql-eslint/relay-edge-types': [
        'error',
        {
          // There is no node(id:): objects are reached through a tenant that the viewer may see.
          shouldImplementNode: false,
          // `nodes` beside `edges`, and lists that are always complete.
          listTypeCanWrapOnlyEdgeType: false,
        },
      ],
      // Paging goes forward only.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // There are mutations; there are no subscriptions.
      '@graphql-eslint/no-root-type': ['error', { disallow: ['subscription'] }],

      // Off.
      // Types are printed in alphabetical order already; members are in the order to read them.
      '@graphql-eslint/alphabetize': 'off',
      // What a mutation changes is named beside its input: tenantUpdate(id:, input:).
      '@graphql-eslint/input-name': 'off',
      // Wants @deprecated(deletionDate:), an argument that GraphQL's directive does not have. The
      // reason says the date, and tests/test_schema_governance.py reads it there.
      '@graphql-eslint/require-deprecation-date': 'off',
      // A payload gives what was changed. A query inside it would be a second request whose fields
      // are not root fields, so that their permissions would have to be stated again.
      '@graphql-eslint/require-field-of-type-query-in-mutation-result': 'off',
    },
  },
];
