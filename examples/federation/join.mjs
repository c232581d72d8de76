// Joins the accounts of a CRM with the billing of their tenants, in one question.
import { serveCrm, typeDefs } from './crm.mjs';
import { compose, startGateway } from './gateway.mjs';

const { URL: url, TOKEN: token } = process.env;

// The CRM knows tenants by their external ID. One of them Headcount does not know.
const crm = await serveCrm('externalId', [
  { name: 'Exist Ltd', manager: 'Ada', key: 'EXIST' },
  { name: 'Müller GmbH', manager: 'Ben', key: 'MUELLER' },
  { name: 'A lead', manager: 'Cleo', key: 'LEAD-7' },
]);

const response = await fetch(url, {
  method: 'POST',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify({ query: '{ _service { sdl } }' }),
});
const { data, errors: refused } = await response.json();
if (refused) {
  const { message, extensions } = refused[0];
  const hint = extensions.code === 'UNAUTHENTICATED' ? 'TOKEN is one that the demo prints.'
    : 'Is the demo started with --federation?';
  throw new Error(`${message} ${hint}`);
}

const { supergraphSdl, errors } = compose([
  { name: 'headcount', url, sdl: data._service.sdl },
  { name: 'crm', url: crm.url, sdl: typeDefs('externalId') },
]);
if (errors.length) throw new Error(errors.join('\n'));
const gateway = await startGateway(supergraphSdl);

const query = `{
  accounts {
    nodes {
      name
      tenant { accountManager name billingTrend { peak { date maxUsers } } }
    }
  }
}`;
const answer = await gateway.ask(query, {}, token);
for (const { name, tenant } of answer.data.accounts.nodes) {
  const peak = tenant?.billingTrend?.peak;
  console.log(tenant ? `${name} (${tenant.accountManager}) is ${tenant.name}:` : `${name}:`,
    peak ? `${peak.maxUsers} users on ${peak.date}` : 'no billing');
}
console.log(`asked of the CRM: ${crm.requests()} time`);

await gateway.stop();
crm.close();
