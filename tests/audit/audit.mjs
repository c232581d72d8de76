// Runs the audits of graphql-http against a server and prints their results as JSON.
// node audit.mjs <path of graphql-http's server audits> <URL> <bearer token>
import { pathToFileURL } from 'node:url';

const [module, url, token] = process.argv.slice(2);
const { serverAudits } = await import(pathToFileURL(module).href);

const fetchFn = (target, init = {}) =>
  fetch(target, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

const results = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { status, reason } = await audit.fn();
  results.push({ id: audit.id, name: audit.name, status, reason: reason ?? null });
}
console.log(JSON.stringify(results));
