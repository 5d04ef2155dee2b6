/**
 * Kysely as what it is best at, building typed SQL; running it is ours, because Kysely on SQLite is one connection
 * behind a lock and we have a writer, a reader and a reading thread.
 */
import {
  type Compilable,
  type CompiledQuery,
  DummyDriver,
  Kysely,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Tables } from './tables.ts'

/** Builds queries; executes none. */
export const q = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** A query that is asked with every request: its text is written once and never built again. */
export function fixed<T>(text: string): (...parameters: unknown[]) => Query<T> {
  return (...parameters) => ({ compile: () => ({ sql: text, parameters }) as unknown as CompiledQuery<T> })
}

/** A query whose rows are of type `T`: built by Kysely, or a `sql` template. */
export type Query<T> = Compilable<T> | RawBuilder<T>

/** SQL text and parameters, as they go to SQLite or to another thread. */
export function compile<T>(query: Query<T>): Pick<CompiledQuery<T>, 'sql' | 'parameters'> {
  const { sql, parameters } = 'isRawBuilder' in query ? query.compile(q) : query.compile()
  return { sql, parameters }
}
