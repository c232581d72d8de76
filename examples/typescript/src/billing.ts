import { Refusal, type Ask } from './client.js';
import { graphql } from './generated/gql.js';
import type { ReportPageQuery, TenantListQuery } from './generated/graphql.js';

export type Tenant = NonNullable<TenantListQuery['tenants']>['nodes'][number];
export type Report = NonNullable<ReportPageQuery['billingReport']>;
type Users = NonNullable<Report['users']>;
export type User = Users['nodes'][number];

const TenantList = graphql(`
  query TenantList($search: String!, $after: String) {
    tenants(first: 50, after: $after, filter: { search: $search, billable: true }) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { id name externalId instanceId billingWindow { from to } }
    }
  }
`);

const Trend = graphql(`
  query Trend($tenant: ID!) {
    billingTrend(tenant: $tenant) {
      range { from to }
      peak { date maxUsers }
      points { date maxUsers }
    }
  }
`);

const ReportPage = graphql(`
  query ReportPage($tenant: ID!, $date: Date!, $first: Int!, $after: String) {
    billingReport(tenant: $tenant, date: $date) {
      date
      maxUsers
      users(first: $first, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { userId firstLoginAt lastLoginAt }
      }
    }
  }
`);

/** Billable tenants whose name or external ID contains the text, by name: what a picker offers. */
export async function searchTenants(ask: Ask, search: string): Promise<Tenant[]> {
  const found: Tenant[] = [];
  let after: string | null = null;
  do {
    const { tenants }: TenantListQuery = await ask(TenantList, { search, after });
    if (!tenants) break;
    found.push(...tenants.nodes);
    after = tenants.pageInfo.hasNextPage ? tenants.pageInfo.endCursor : null;
  } while (after);
  return found;
}

export async function readTrend(ask: Ask, tenant: string) {
  return (await ask(Trend, { tenant })).billingTrend;
}

/** A report with one page of its users: what a screen shows; `after` is the page before's end. */
export async function readReport(
  ask: Ask,
  tenant: string,
  date: string,
  first: number,
  after: string | null = null,
): Promise<Report | null> {
  return (await ask(ReportPage, { tenant, date, first, after })).billingReport;
}

/** All users of a report, page by page: what an export needs. */
export async function* readUsers(ask: Ask, tenant: string, date: string): AsyncGenerator<User> {
  let after: string | null = null;
  do {
    const users: Users | null = (await readReport(ask, tenant, date, 1000, after))?.users ?? null;
    if (!users) return;
    yield* users.nodes;
    after = users.pageInfo.hasNextPage ? users.pageInfo.endCursor : null;
  } while (after);
}

export interface Advice {
  text: string;
  next: 'sign in' | 'try again' | 'change the question' | 'report';
}

/** What to tell the person in front of the screen, and what they can do next. */
export function explain(error: unknown): Advice {
  if (!(error instanceof Refusal)) return { text: 'No connection.', next: 'try again' };
  switch (error.code) {
    case 'UNAUTHENTICATED':
      return { text: 'Your session has ended.', next: 'sign in' };
    case 'UNAVAILABLE':
    case 'RATE_LIMITED':
    case 'TIMEOUT':
      return { text: error.message, next: 'try again' };
    case 'DATE_OUT_OF_WINDOW':
      return {
        text: `Choose a date from ${error.details.from} to ${error.details.to}.`,
        next: 'change the question',
      };
    case 'FORBIDDEN':
    case 'TENANT_NOT_FOUND':
    case 'TENANT_NOT_BILLABLE':
    case 'BAD_USER_INPUT':
      return { text: error.message, next: 'change the question' };
    default: // INTERNAL_SERVER_ERROR, a mistake of ours, or a code that came after this was written.
      return { text: `Something broke (${error.details.requestId ?? error.code}).`, next: 'report' };
  }
}
