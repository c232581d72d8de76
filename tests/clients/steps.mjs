// What every client is asked, and what it prints: pages of a report, a refusal, a missing token.
import { readFileSync } from 'node:fs';

const { URL: url, TOKEN: token, DATE: date } = process.env;
const tenant = { externalId: 'EXIST' };

export { url };
export const text = readFileSync(new globalThis.URL('report.graphql', import.meta.url), 'utf8');

// connect(token) gives ask(variables), which gives `data`; code(error) gives what it threw for.
export async function take(connect, code) {
  const ask = connect(token);
  const pages = [];
  let after = null;
  do {
    const { billingReport } = (await ask({ tenant, date, after })).tenant;
    const { totalCount, edges, pageInfo } = billingReport.users;
    pages.push([billingReport.maxUsers, totalCount, edges.length, edges[0].node.userId]);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after);

  const codeOf = (question) => question.then(() => 'answered', code);
  const refused = await codeOf(ask({ tenant, date: '2019-03-01', after }));
  const unknown = await codeOf(connect('wrong')({ tenant, date, after }));
  console.log(JSON.stringify({ pages, refused, unknown }));
}
