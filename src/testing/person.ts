/** Somebody with an account, who calls through the real client and over a real socket. */
import * as v from 'valibot'
import { type Client, client } from '../api/client.ts'
import { download, type File, uploadFiles } from '../api/files.ts'
import type { Scope } from '../api/tokens.ts'
import type { User } from '../api/users.ts'
import { q } from '../index/query.ts'
import type { Core } from '../vault/core.ts'
import { insertToken } from '../vault/tokens.ts'
import { userNoByEmail } from '../vault/users.ts'

export interface Person extends Client {
  readonly id: string
  readonly email: string
  readonly password: string
  readonly vaultId: string
  readonly token: string
  /** Uploads one file; fields as in the multipart request. */
  put(name: string, content: string | Uint8Array, fields?: Record<string, string>): Promise<File>
  /** Uploads several in one request. */
  putAll(files: Record<string, string | Uint8Array>, fields?: Record<string, string>): Promise<File[]>
  /** Downloads with these request headers; the answer may be a refusal. */
  get(fileId: string, headers?: Record<string, string>, query?: string): Promise<Response>
  /** A token of the same person with less to it. */
  limited(scopes: Scope[], vaultId?: string): Promise<Client>
}

export async function openPerson(core: Core, url: string, user: User): Promise<Person> {
  const no = userNoByEmail(core, user.email)
  const { token } = await insertToken(core, no, {
    name: 'test',
    scopes: ['read', 'write', ...(user.admin ? (['admin'] as const) : [])],
  })
  const plain = client({ origin: url, token })
  const person: Person = {
    id: user.id,
    email: user.email,
    password: `${user.name}s own password`,
    vaultId: user.vaultId,
    token,
    url: plain.url,
    // Every answer of the server is held against what the endpoint declares.
    async call(endpoint, input, options) {
      const answer = await plain.call(endpoint, input, options)
      const { returns } = endpoint.declared
      if (returns && returns !== 'bytes') v.parse(returns, answer)
      return answer
    },
    async put(name, content, fields) {
      const [file] = await person.putAll({ [name]: content }, fields)
      if (!file) throw new Error('The server answered without a file.')
      return file
    },
    async putAll(files, fields = {}) {
      const { files: made } = await person.call(uploadFiles, { body: formOf(files, fields) })
      return made
    },
    get: (fileId, headers = {}, query = '') =>
      fetch(plain.url(download, { params: { id: fileId } }) + query, {
        headers: { authorization: `Bearer ${token}`, ...headers },
      }),
    async limited(scopes, vaultId) {
      const made = await insertToken(
        core,
        no,
        { name: 'limited', scopes },
        vaultId === undefined
          ? null
          : (core.index.read.get(q.selectFrom('vault').select('no').where('id', '=', vaultId))?.no ?? null),
      )
      return client({ origin: url, token: made.token })
    },
  }
  return person
}

/** A multipart body with the fields before the files. */
export function formOf(files: Record<string, string | Uint8Array>, fields: Record<string, string> = {}): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  for (const [name, content] of Object.entries(files)) form.append('files', new Blob([content as BlobPart]), name)
  return form
}
