/** The reading thread: runs queries on a read-only connection of its own, so that a slow one stops nobody. */
import { parentPort, workerData } from 'node:worker_threads'
import { openConnection } from './connection.ts'
import { Statements } from './statements.ts'

const { path } = workerData as { path: string }
const statements = new Statements(openConnection(path, { readonly: true, busyMs: 5000 }))

parentPort?.on('message', ({ id, sql, parameters }: { id: number; sql: string; parameters: unknown[] }) => {
  try {
    parentPort?.postMessage({ id, rows: statements.rows(sql, parameters) })
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
  }
})
