/** The access log. */
import { Readable } from 'node:stream'
import * as api from '../../api/events.ts'
import type { Core } from '../../vault/core.ts'
import { eventsAsCsv, listEvents, listOwnEvents } from '../../vault/events.ts'
import type { On } from '../bind.ts'

export function eventRoutes(on: On, core: Core): void {
  on(api.listEvents, ({ query }, { actor }) => listEvents(core, actor, query))
  on(api.listMyEvents, ({ query }, { actor }) => listOwnEvents(core, actor, query))
  on(api.exportEvents, ({ query }, { actor }) => {
    const lines = Readable.toWeb(Readable.from(eventsAsCsv(core, actor, query))) as ReadableStream<Uint8Array>
    return new Response(lines.pipeThrough(new TextEncoderStream() as never), {
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="access-log.csv"',
        'cache-control': 'no-store',
      },
    })
  })
}
