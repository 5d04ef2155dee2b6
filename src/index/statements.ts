/** Runs compiled queries on one connection, keeping the prepared statements that are used most. */
import type { Statement } from 'better-sqlite3'
import { LRUCache } from 'lru-cache'
import type { Connection } from './connection.ts'
import { compile, type Query } from './query.ts'

/** Reads what the connection sees. */
export interface Reader {
  all<T>(query: Query<T>): T[]
  /** The first row, if there is one. */
  get<T>(query: Query<T>): T | undefined
}

export interface Written {
  changes: number
  lastInsertRowid: number
}

export class Statements implements Reader {
  readonly #db: Connection
  readonly #prepared = new LRUCache<string, Statement>({ max: 500 })

  readonly #asked: { hits: number; misses: number }

  /** Counts in `asked` how often a statement was prepared already. */
  constructor(db: Connection, asked = { hits: 0, misses: 0 }) {
    this.#db = db
    this.#asked = asked
  }

  all<T>(query: Query<T>): T[] {
    const { sql, parameters } = compile(query)
    return this.rows(sql, parameters)
  }

  rows<T>(sql: string, parameters: readonly unknown[]): T[] {
    return this.#prepare(sql).all(...parameters) as T[]
  }

  get<T>(query: Query<T>): T | undefined {
    const { sql, parameters } = compile(query)
    return this.#prepare(sql).get(...parameters) as T | undefined
  }

  run(query: Query<unknown>): Written {
    const { sql, parameters } = compile(query)
    const { changes, lastInsertRowid } = this.#prepare(sql).run(...parameters)
    return { changes, lastInsertRowid: Number(lastInsertRowid) }
  }

  #prepare(sql: string): Statement {
    let statement = this.#prepared.get(sql)
    if (statement) this.#asked.hits++
    else {
      this.#asked.misses++
      statement = this.#db.prepare(sql)
      this.#prepared.set(sql, statement)
    }
    return statement
  }
}
