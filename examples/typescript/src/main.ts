import { explain, readReport, readTrend, readUsers, searchTenants } from './billing.js';
import { connect, Refusal, type Ask } from './client.js';

const { URL: url, TOKEN: token, SEARCH: search = 'contact' } = process.env;

/** A billable tenant after the other: its busiest day, who was there, and a date it cannot show. */
async function show(ask: Ask): Promise<void> {
  for (const tenant of await searchTenants(ask, search)) {
    console.log(`${tenant.name} (${tenant.externalId}, ${tenant.instanceId})`);
    const trend = await readTrend(ask, tenant.id);
    if (!trend?.peak) continue;
    console.log(`  most users: ${trend.peak.maxUsers} on ${trend.peak.date}`);

    const report = await readReport(ask, tenant.id, trend.peak.date, 3);
    console.log(`  the first: ${report?.users?.nodes.map((user) => user.userId).join(', ')}`);

    let count = 0;
    for await (const _ of readUsers(ask, tenant.id, trend.peak.date)) count += 1;
    console.log(`  all pages: ${count}`);

    await readReport(ask, tenant.id, '2019-03-01', 3).catch((error: unknown) => {
      const { text, next } = explain(error);
      console.log(`  1 March 2019: ${text} [${next}]`);
    });
  }
}

/** As whoever has no session any more. */
async function explainExpired(ask: Ask): Promise<void> {
  await searchTenants(ask, search).catch((error: unknown) => {
    const { text, next } = explain(error);
    console.log(`without a valid token: ${text} [${next}]`);
  });
}

try {
  if (!url || !token) throw new Error("Set URL and TOKEN to what the demo prints: the landlord's token.");
  await show(connect(url, () => token));
  await explainExpired(connect(url, () => 'expired'));
} catch (error) {
  console.error(error instanceof Refusal ? `${error.code}: ${error.message}` : String(error));
  process.exitCode = 1;
}
