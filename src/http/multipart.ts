/**
 * Multipart uploads, streamed: each file goes from the socket to the disk in pieces, never whole in memory. What goes
 * wrong anywhere ends the whole request with a sentence, and nothing of it stays.
 */
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import busboy from 'busboy'
import type { Context } from 'hono'
import * as v from 'valibot'
import { type File, filesPerUpload, UploadFields } from '../api/files.ts'
import { Tags } from '../api/schema.ts'
import { Problem } from '../problem.ts'
import type { Actor } from '../vault/access.ts'
import type { Core } from '../vault/core.ts'
import { checkMetadata } from '../vault/files.ts'
import { beginUpload, type Upload, type UploadTarget } from '../vault/receiving.ts'
import type { Http } from './context.ts'
import { check } from './input.ts'

const limits = { files: filesPerUpload, fields: 20, fieldSize: 64 * 1024, parts: 40, headerPairs: 50 }
/** A client that is told no may be in the middle of sending: so long it is listened to, so that it can hear the answer. */
const drainMs = 30_000
/** What boundaries and headers of a request may weigh at most; what it announces beyond that is files. */
const framing = 64 * 1024

/** Receives the files of a request and names them all, or none. */
export async function receiveFiles(core: Core, c: Context<Http>, actor: Actor): Promise<File[]> {
  const { incoming } = c.env
  let upload: Upload | undefined
  try {
    upload = await receiveParts(incoming as IncomingMessage, (fields) =>
      beginUpload(core, actor, targetOf(fields), announced(incoming), c.req.raw.signal),
    )
    return await upload.complete()
  } catch (error) {
    if (!(incoming as IncomingMessage).complete) drain(incoming as IncomingMessage)
    await upload?.abandon()
    throw error
  }
}

function announced(incoming: Context<Http>['env']['incoming']): number | undefined {
  const length = Number(incoming.headers['content-length'])
  return Number.isSafeInteger(length) ? Math.max(0, length - framing) : undefined
}

async function receiveParts(
  incoming: IncomingMessage,
  begin: (fields: Map<string, string>) => Upload,
): Promise<Upload> {
  const parser = openParser(incoming)
  const fields = new Map<string, string>()
  const arriving: Promise<void>[] = []
  let upload: Upload | undefined
  let failure: unknown

  const fail = (error: unknown): void => {
    failure ??= error
    parser.destroy()
  }
  parser.on('error', (error) => fail(cutShort(error)))
  incoming.on('error', (error) => fail(cutShort(error)))
  incoming.on('close', () => {
    if (!incoming.complete) fail(cutShort(new Error('The client went away.')))
  })
  parser.on('field', (name, value, { valueTruncated }) => {
    if (upload)
      fail(
        new Problem('bad-input', `The field "${name}" has to come before the files.`, {
          errors: [{ path: name, message: 'Send it before the files.' }],
        }),
      )
    else if (valueTruncated)
      fail(new Problem('too-large', `The field "${name}" has more than ${limits.fieldSize} bytes.`))
    else fields.set(name, value)
  })
  parser.on('file', (field, bytes: Readable, { filename, mimeType }) => {
    bytes.on('error', () => {}) // told to whoever reads it; a part that nobody reads must not end the process
    // busboy goes on to the end of its piece when it was told to stop; what it finds there would never be complete.
    if (failure !== undefined) return void bytes.resume()
    try {
      if (field !== 'files' && field !== 'file')
        throw new Problem('bad-input', `A file came as "${field}". Send files as "files".`, {
          errors: [{ path: field, message: 'Files are sent as "files".' }],
        })
      if (!filename)
        throw new Problem('bad-input', 'A file came without a name.', {
          errors: [{ path: 'files', message: 'Each file needs a name.' }],
        })
      upload ??= begin(fields)
      arriving.push(upload.receive({ name: unescaped(filename), declaredType: declared(mimeType), bytes }).catch(fail))
    } catch (error) {
      bytes.resume()
      fail(error)
    }
  })
  parser.on('filesLimit', () =>
    fail(
      new Problem('too-large', `A request carries at most ${filesPerUpload} files. Send the others in another one.`),
    ),
  )
  parser.on('fieldsLimit', () =>
    fail(new Problem('bad-input', `A request has at most ${limits.fields} fields besides its files.`)),
  )
  parser.on('partsLimit', () => fail(new Problem('bad-input', `A request has at most ${limits.parts} parts.`)))

  try {
    // Not `pipeline`: it would destroy the request with the parser, and a browser that is still sending reads no answer.
    incoming.pipe(parser)
    await finished(parser)
  } catch (error) {
    failure ??= cutShort(error)
  } finally {
    incoming.unpipe(parser)
  }
  await Promise.all(arriving)
  if (failure !== undefined) {
    await upload?.abandon()
    throw failure
  }
  return upload ?? begin(fields)
}

function cutShort(cause: unknown): Problem {
  const sentence = 'The upload was cut short or is not valid multipart/form-data. Nothing was stored; send it again.'
  return new Problem('bad-input', sentence, { cause })
}

function openParser(incoming: IncomingMessage): busboy.Busboy {
  const type = incoming.headers['content-type'] ?? ''
  if (!/^multipart\/form-data\b/i.test(type))
    throw new Problem('bad-input', 'Files are uploaded as multipart/form-data.')
  try {
    return busboy({ headers: incoming.headers, limits, defParamCharset: 'utf8', preservePath: true })
  } catch (error) {
    throw new Problem('bad-input', 'The multipart request names no boundary.', { cause: error })
  }
}

function drain(incoming: IncomingMessage): void {
  incoming.resume()
  setTimeout(() => {
    if (!incoming.complete) incoming.destroy()
  }, drainMs).unref()
}

// Browsers write these three characters of a file's name so (WHATWG HTML, multipart/form-data encoding).
function unescaped(name: string): string {
  return name.replace(/%22|%0A|%0D/gi, (code) => decodeURIComponent(code))
}

/** The type a client claims; `application/octet-stream` claims nothing. */
function declared(mimeType: string): string | undefined {
  return mimeType === 'application/octet-stream' || mimeType === 'text/plain' ? undefined : mimeType
}

function targetOf(fields: Map<string, string>): UploadTarget {
  const given = check(UploadFields, Object.fromEntries(fields))
  return {
    vaultId: given.vaultId || undefined,
    folderId: given.folderId || undefined,
    path: given.path,
    fileType: given.fileType || undefined,
    onConflict: given.onConflict ?? 'fail',
    tags: check(v.object({ tags: Tags }), { tags: given.tags ? tagList(given.tags) : [] }).tags,
    metadata: given.metadata ? checkMetadata(json(given.metadata, 'metadata')) : {},
  }
}

function tagList(text: string): unknown {
  if (text.trimStart().startsWith('[')) return json(text, 'tags')
  return text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
}

function json(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    const message = `The field "${path}" is not valid JSON.`
    throw new Problem('bad-input', message, { errors: [{ path, message }] })
  }
}
