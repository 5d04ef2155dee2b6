/**
 * One declaration of an endpoint, from which server, client, OpenAPI document and tests follow.
 * Runs everywhere (browser, server, command line); knows valibot and nothing of ours.
 */
import type * as v from 'valibot'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Schema = v.GenericSchema<any, any>

/** Who may call: anybody, a signed-in person or token, an administrator. What they may see is decided where data is read. */
export type Access = 'anyone' | 'user' | 'admin'

/** How bytes travel where they are not JSON: `multipart` and `bytes` are streamed and get the raw request or response. */
export type Stream = 'multipart' | 'bytes'

export interface Declaration {
  /** One sentence for the documentation, in the words of the person who calls. */
  summary: string
  access?: Access
  query?: Schema
  body?: Schema | Stream
  /** Of a JSON body, where it may be more than usual. */
  maxBodyBytes?: number
  /** Absent: 204, no content. */
  returns?: Schema | 'bytes'
  status?: 101 | 200 | 201 | 202 | 204
  /** The fields of a multipart body besides `files`, for documentation and validation. */
  fields?: Schema
}

type ParamNames<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamNames<`/${Rest}`>
  : P extends `${string}:${infer Name}{.+}`
    ? Name
    : P extends `${string}:${infer Name}`
      ? Name
      : never

/** The parameters in an endpoint's path: `:name`, or at its end `:path{.+}`, which takes slashes too. */
export const parametersInPath = /:(\w+)(\{\.\+\})?/g

export type Params<P extends string> = { [K in ParamNames<P>]: string }

export interface Endpoint<P extends string = string, D extends Declaration = Declaration> {
  readonly method: Method
  readonly path: P
  readonly access: Access
  readonly status: number
  readonly declared: D
}

/** Declares an endpoint: `endpoint('POST /api/folders/:id', { … })`. */
export function endpoint<const P extends string, const D extends Declaration>(
  route: `${Method} ${P}`,
  declared: D,
): Endpoint<P, D> {
  const [method, path] = route.split(' ') as [Method, P]
  return {
    method,
    path,
    access: declared.access ?? 'user',
    status: declared.status ?? (declared.returns ? 200 : 204),
    declared,
  }
}

type InputOf<S> = S extends Schema ? v.InferInput<S> : undefined
type OutputOf<S> = S extends Schema ? v.InferOutput<S> : undefined
type Member<K extends string, T> = undefined extends T ? { [P in K]?: T } : { [P in K]: T }
type QueryMember<T> = T extends undefined
  ? { query?: undefined }
  : Record<string, never> extends T
    ? { query?: T }
    : { query: T }

/** What a caller passes: path parameters, query and body, each only where the endpoint has it. */
export type Input<E extends Endpoint> = ([ParamNames<E['path']>] extends [never]
  ? { params?: undefined }
  : { params: Params<E['path']> }) &
  QueryMember<InputOf<E['declared']['query']>> &
  (E['declared']['body'] extends 'multipart'
    ? { body: FormData }
    : E['declared']['body'] extends 'bytes'
      ? { body: Blob | Uint8Array<ArrayBuffer> }
      : Member<'body', InputOf<E['declared']['body']>>)

/** What a caller gets back. */
export type Output<E extends Endpoint> = E['declared']['returns'] extends 'bytes'
  ? Response
  : E['declared']['returns'] extends Schema
    ? v.InferOutput<E['declared']['returns']>
    : undefined

/** What a handler on the server is given after validation. */
export interface Received<E extends Endpoint> {
  params: Params<E['path']>
  query: OutputOf<E['declared']['query']>
  body: OutputOf<E['declared']['body']>
}

/** What a handler on the server answers: the input side of the declared answer. */
export type Answer<E extends Endpoint> = E['declared']['returns'] extends 'bytes'
  ? Response
  : E['declared']['returns'] extends Schema
    ? v.InferInput<E['declared']['returns']>
    : undefined
