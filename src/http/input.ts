/** Reading what a caller sent, within limits, and saying exactly what is wrong with it. */
import type { Context } from 'hono'
import * as v from 'valibot'
import type { Endpoint, Received, Schema } from '../api/endpoint.ts'
import { Problem } from '../problem.ts'
import type { Http } from './context.ts'

const longestJson = 1024 * 1024

/** Everything that an endpoint declares, validated. */
export async function readInput<E extends Endpoint>(c: Context<Http>, endpoint: E): Promise<Received<E>> {
  const { query, body, maxBodyBytes } = endpoint.declared
  return {
    params: readParams(c, endpoint),
    query: query ? check(query, queryOf(new URL(c.req.url).searchParams)) : undefined,
    body: typeof body === 'object' ? check(body, await readJson(c, maxBodyBytes), 'The body is wrong.') : undefined,
  } as Received<E>
}

/** Validates `input`, or throws `bad-input` with each path and what is wrong there. */
export function check<S extends Schema>(
  schema: S,
  input: unknown,
  otherwise = 'The request is wrong.',
): v.InferOutput<S> {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  const errors = result.issues.map((issue) => ({ path: v.getDotPath(issue) ?? '', message: issue.message }))
  const first = errors[0]
  throw new Problem('bad-input', first ? (first.path ? `${first.path}: ${first.message}` : first.message) : otherwise, {
    errors,
  })
}

function readParams(c: Context<Http>, { path }: Endpoint): Record<string, string> {
  const params = c.req.param() as Record<string, string>
  for (const [name, value] of Object.entries(params))
    if (!/^[\w-]{1,64}$/.test(value) && !path.includes(`:${name}{`))
      throw new Problem('not-found', 'There is nothing under this address.')
  return params
}

/** `?a=1&a=2&metadata.k=v` as `{ a: ['1', '2'], metadata: { k: 'v' } }`. */
function queryOf(search: URLSearchParams): Record<string, unknown> {
  const query: Record<string, unknown> = Object.create(null)
  const metadata: Record<string, string[]> = Object.create(null)
  for (const key of new Set(search.keys())) {
    const values = search.getAll(key)
    if (key.startsWith('metadata.')) metadata[key.slice('metadata.'.length)] = values
    else query[key] = values.length === 1 ? values[0] : values
  }
  if (Object.keys(metadata).length > 0) query.metadata = metadata
  return query
}

async function readJson(c: Context<Http>, longest = longestJson): Promise<unknown> {
  const { incoming } = c.env
  const { 'content-length': length, 'transfer-encoding': chunked, 'content-type': type = '' } = incoming.headers
  if ((length === undefined && chunked === undefined) || length === '0') return undefined
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type))
    throw new Problem('bad-input', 'The body has to be JSON, with "Content-Type: application/json".')
  const tooLarge = () => new Problem('too-large', `This JSON body has at most ${longest} bytes.`)
  if (Number(length) > longest) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.byteLength
    if (size > longest) throw tooLarge()
    chunks.push(chunk)
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
  } catch {
    throw new Problem('bad-input', 'The body is not valid JSON.')
  }
}

export async function wholeBody(c: Context<Http>, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of c.env.incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > most)
      throw new Problem('too-large', `This body has at most ${most} bytes. Send the rest in another one.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
