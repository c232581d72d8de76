// Mercurius with compiled queries and hand-written, prepared SQL: what a team at home in Node
// would build for the questions of the benchmark. No sign-in, no permissions.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import pg from 'pg'

const schema = `
  scalar Date
  scalar DateTime
  scalar UUID
  type Query {
    tenants(first: Int = 100): TenantConnection
    billingReport(tenant: ID!, date: Date!): BillingReport
    billingTrend(tenant: ID!, from: Date, to: Date): BillingTrend
  }
  type TenantConnection { nodes: [Tenant!]! }
  type Tenant {
    id: ID! name: String! externalId: String! instanceId: UUID! billable: Boolean! timeZone: String!
    billingReport(date: Date!): BillingReport
  }
  type BillingReport { maxUsers: Int! users(first: Int = 1000): BilledUserConnection }
  type BilledUserConnection { nodes: [BilledUser!]! }
  type BilledUser { userId: ID! firstLoginAt: DateTime! lastLoginAt: DateTime! }
  type BillingTrend { points: [DailyMaxUsers!]! }
  type DailyMaxUsers { date: Date! maxUsers: Int! }
`

const pool = new pg.Pool({ max: Number(process.env.BENCHMARK_POOL) })
const rows = async (name, text, values) => (await pool.query({ name, text, values })).rows

const instant = (column) =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const resolvers = {
  Query: {
    tenants: async (_, { first }) => ({
      nodes: await rows('tenants', `
        SELECT id, name, external_id AS "externalId", instance_id AS "instanceId", billable,
               time_zone AS "timeZone"
        FROM tenant ORDER BY search_text, id LIMIT $1`, [first])
    }),
    billingReport: async (_, { tenant, date }) => {
      const [day] = await rows('report', `
        SELECT max_users AS "maxUsers" FROM tenant_day
        WHERE tenant_id = $1 AND report_date = $2`, [tenant, date])
      return { maxUsers: day?.maxUsers ?? 0, tenant, date }
    },
    billingTrend: async (_, { tenant, from, to }) => ({
      points: await rows('trend', `
        SELECT report_date::text AS date, max_users AS "maxUsers" FROM tenant_day
        WHERE tenant_id = $1 AND report_date BETWEEN $2 AND $3
        ORDER BY report_date`, [tenant, from, to])
    })
  },
  BillingReport: {
    users: async ({ tenant, date }, { first }) => ({
      nodes: await rows('users', `
        SELECT user_id AS "userId", ${instant('first_login_at')} AS "firstLoginAt",
               ${instant('last_login_at')} AS "lastLoginAt"
        FROM presence WHERE tenant_id = $1 AND report_date = $2
        ORDER BY user_id LIMIT $3`, [tenant, date, first])
    })
  }
}

const loaders = {
  Tenant: {
    billingReport: {
      loader: async (queries) => {
        const found = await rows('reports', `
          SELECT coalesce(d.max_users, 0) AS "maxUsers"
          FROM unnest($1::uuid[], $2::date[]) WITH ORDINALITY AS k (tenant_id, report_date, n)
          LEFT JOIN tenant_day d USING (tenant_id, report_date) ORDER BY k.n`,
        [queries.map(({ obj }) => obj.id), queries.map(({ params }) => params.date)])
        return found.map((day, n) => ({
          ...day, tenant: queries[n].obj.id, date: queries[n].params.date
        }))
      },
      opts: { cache: false }
    }
  }
}

const app = Fastify()
app.register(mercurius, { schema, resolvers, loaders, jit: 1 })
await app.listen({ port: Number(process.env.BENCHMARK_PORT), host: '127.0.0.1' })
