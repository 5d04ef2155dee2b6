/**
 * The files of one vault as arrays. Documents are numbered from 0 in the order of their row numbers, so that sets are small
 * and equal keys fall in the order of SQL. Everything is plain data: it goes to another thread or a file as it is.
 */
import type { Connection } from '../../index/connection.ts'
import { type FolderRow, livingFolders } from './folders.ts'
import { inverted, type Lists, ListsBuilder } from './lists.ts'
import { factsOf, livingRows } from './row.ts'
import { type Terms, TermsBuilder } from './terms.ts'

/** Texts one after the other, as UTF-8. */
export interface Texts {
  bytes: Uint8Array<ArrayBuffer>
  /** Where each begins, and the end of the last. */
  starts: Uint32Array<ArrayBuffer>
}

/** A column of few different values: each document's value by its place in the sorted list, and the other way round. */
export interface Values {
  values: string[]
  byDocument: Lists
  byValue: Lists
}

export interface VaultData {
  vaultNo: number
  /** Numbers are used again after a vault was removed; ids are not. */
  vaultId: string
  /** The vault's journal up to here is in the data. */
  seq: number
  tree: FolderRow[]
  nos: Uint32Array<ArrayBuffer>
  folders: Uint32Array<ArrayBuffer>
  size: Float64Array<ArrayBuffer>
  updatedAt: Float64Array<ArrayBuffer>
  createdAt: Float64Array<ArrayBuffer>
  nameKey: Texts
  nameSort: Texts
  kinds: Values
  extensions: Values
  tags: Values
  fields: Values
  nameWords: Terms
  otherWords: Terms
  /** Documents in ascending order of each column, equal ones in their own. */
  order: Record<OrderColumn, Uint32Array<ArrayBuffer>>
}

export type OrderColumn = 'name' | 'size' | 'updatedAt' | 'createdAt' | 'extension'

/** Reads a vault in one go; some 10 seconds for a million files. */
export function readVault(db: Connection, vaultNo: number): VaultData {
  const read = db.transaction((): VaultData => {
    const vault = db.prepare('SELECT id, seq, file_count FROM vault WHERE no = ?').get(vaultNo) as
      | { id: string; seq: number; file_count: number }
      | undefined
    const most = vault?.file_count ?? 0
    const [nos, folders] = [new Uint32Array(most), new Uint32Array(most)]
    const [size, updatedAt, createdAt] = [new Float64Array(most), new Float64Array(most), new Float64Array(most)]
    const [nameKey, nameSort] = [new TextsBuilder(most), new TextsBuilder(most)]
    const [kinds, extensions, tags, fields] = [0, 0, 0, 0].map(() => new ValuesBuilder()) as [
      ValuesBuilder,
      ValuesBuilder,
      ValuesBuilder,
      ValuesBuilder,
    ]
    const [nameWords, otherWords] = [new TermsBuilder(), new TermsBuilder()]
    let n = 0
    for (const row of livingRows(db, vaultNo)) {
      const facts = factsOf(row)
      nos[n] = row.no
      folders[n] = row.folder_no
      size[n] = row.size
      updatedAt[n] = row.updated_at
      createdAt[n] = row.created_at
      nameKey.add(row.name_key)
      nameSort.add(row.name_sort)
      kinds.add(n, row.kind)
      extensions.add(n, row.extension)
      for (const tag of facts.tags) tags.add(n, tag)
      for (const field of facts.fields) fields.add(n, field)
      for (const word of facts.nameWords) nameWords.add(word, n)
      for (const word of facts.otherWords) otherWords.add(word, n)
      n++
    }
    if (n !== most) throw new Error(`Vault ${vaultNo} counts ${most} files and has ${n}.`)
    return {
      vaultNo,
      vaultId: vault?.id ?? '',
      seq: vault?.seq ?? 0,
      tree: livingFolders(db, vaultNo),
      nos,
      folders,
      size,
      updatedAt,
      createdAt,
      nameKey: nameKey.build(),
      nameSort: nameSort.build(),
      kinds: kinds.build(n),
      extensions: extensions.build(n),
      tags: tags.build(n),
      fields: fields.build(n),
      nameWords: nameWords.build(),
      otherWords: otherWords.build(),
      order: readOrders(db, vaultNo, nos),
    }
  })
  return read()
}

const orderBy: Record<OrderColumn, string> = {
  name: 'name_sort',
  size: 'size',
  updatedAt: 'updated_at',
  createdAt: 'created_at',
  extension: 'extension',
}

// SQLite has each order in an index already.
function readOrders(db: Connection, vaultNo: number, nos: Uint32Array): VaultData['order'] {
  const document = new Uint32Array((nos.at(-1) ?? 0) + 1)
  for (const [i, no] of nos.entries()) document[no] = i
  const read = (column: string): Uint32Array<ArrayBuffer> => {
    const order = new Uint32Array(nos.length)
    let i = 0
    const rows = db
      .prepare(`SELECT no FROM file WHERE vault_no = ? AND deleted_at IS NULL ORDER BY ${column}, no`)
      .pluck()
      .iterate(vaultNo) as IterableIterator<number>
    for (const no of rows) order[i++] = document[no] as number
    return order
  }
  return Object.fromEntries(
    Object.entries(orderBy).map(([name, column]) => [name, read(column)]),
  ) as unknown as VaultData['order']
}

class TextsBuilder {
  #bytes = new Uint8Array(65_536)
  readonly #starts: Uint32Array<ArrayBuffer>
  #at = 0
  #count = 0
  readonly #encoder = new TextEncoder()

  constructor(count: number) {
    this.#starts = new Uint32Array(count + 1)
  }

  add(text: string): void {
    while (this.#bytes.length - this.#at < text.length * 3) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#at += this.#encoder.encodeInto(text, this.#bytes.subarray(this.#at)).written
    this.#starts[++this.#count] = this.#at
  }

  build(): Texts {
    return { bytes: this.#bytes.slice(0, this.#at), starts: this.#starts }
  }
}

class ValuesBuilder {
  readonly #numbers = new Map<string, number>()
  readonly #lists = new ListsBuilder()

  add(document: number, value: string): void {
    let number = this.#numbers.get(value)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(value, number)
    }
    this.#lists.add(number, document)
  }

  build(documents: number): Values {
    const values = [...this.#numbers.keys()].sort(compareBytes)
    const order = new Uint32Array(values.length)
    for (const [i, value] of values.entries()) order[this.#numbers.get(value) as number] = i
    const byValue = this.#lists.build(values.length, order)
    return { values, byValue, byDocument: inverted(byValue, documents) }
  }
}

/** As SQLite compares texts: by their UTF-8. */
export function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}
