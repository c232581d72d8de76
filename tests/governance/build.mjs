// Builds and validates a schema with both major versions of graphql in use, and prints what each
// finds wrong as JSON. node build.mjs <path of the schema>
import { readFileSync } from 'node:fs';
import * as graphql16 from 'graphql';
import * as graphql17 from 'graphql-17';

const sdl = readFileSync(process.argv[2], 'utf8');

const faults = ({ buildSchema, validateSchema }) => {
  try {
    return validateSchema(buildSchema(sdl)).map(({ message }) => message);
  } catch ({ message }) {
    return [message];
  }
};

const found = [graphql16, graphql17].map((graphql) => [graphql.version, faults(graphql)]);
console.log(JSON.stringify(Object.fromEntries(found)));
