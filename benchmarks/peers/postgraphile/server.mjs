// PostGraphile on our tables as they are: its standard preset, no sign-in, no permissions.
import { createServer } from 'node:http'
import pg from 'pg'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'

const pool = new pg.Pool({ max: Number(process.env.BENCHMARK_POOL) })
const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ pool, schemas: ['public'] })],
  grafserv: { graphiql: false, watch: false },
  grafast: { explain: false }
}

const server = createServer()
const serving = postgraphile(preset).createServ(grafserv)
await serving.addTo(server)
server.listen(Number(process.env.BENCHMARK_PORT), '127.0.0.1')
