// The gateway of the example, asked one question.
// In (stdin, JSON): { sdl, url, token, key, accounts, query, variables }
//   sdl: what Headcount answers to `{ _service { sdl } }`; key: how the CRM names a tenant.
// Out (stdout, JSON): { errors, hints, answer, crmRequests }
import { text } from 'node:stream/consumers';
import { serveCrm, typeDefs } from '../examples/federation/crm.mjs';
import { compose, startGateway } from '../examples/federation/gateway.mjs';

const asked = JSON.parse(await text(process.stdin));
const crm = await serveCrm(asked.key, asked.accounts);
const { supergraphSdl, errors, hints } = compose([
  { name: 'headcount', url: asked.url, sdl: asked.sdl },
  { name: 'crm', url: crm.url, sdl: typeDefs(asked.key) },
]);
let answer = null;
if (supergraphSdl) {
  const gateway = await startGateway(supergraphSdl);
  answer = await gateway.ask(asked.query, asked.variables, asked.token);
  await gateway.stop();
}
crm.close();
console.log(JSON.stringify({ errors, hints, answer, crmRequests: crm.requests() }));
