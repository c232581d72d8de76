import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: 'src/*.ts',
  generates: {
    'src/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        // Documents are text: nothing of GraphQL is left to run in a browser.
        documentMode: 'string',
        strictScalars: true,
        scalars: { Date: 'string', DateTime: 'string', UUID: 'string' },
        useTypeImports: true,
        importExtension: '.js',
      },
    },
    // ErrorCode, which no document mentions.
    'src/generated/enums.ts': {
      plugins: ['typescript'],
      config: { onlyEnums: true, enumsAsTypes: true },
    },
  },
};

export default config;
