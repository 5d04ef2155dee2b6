/** The typed client that the web page, the command line, the sync client and the tests share. */
import { type Endpoint, type Input, type Output, parametersInPath } from './endpoint.ts'

export interface ProblemBody {
  type: string
  title: string
  status: number
  detail: string
  code: string
  errors?: { path: string; message: string }[]
}

/** A refusal of the server in words (RFC 9457), or, with status 0, a server that could not be reached. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: { path: string; message: string }[]
  /** Seconds to wait before trying again, where the server said so. */
  readonly retryAfter: number | undefined

  constructor(body: Partial<ProblemBody>, retryAfter?: number) {
    super(body.detail ?? body.title ?? 'The server gave an answer that File Vault does not understand.')
    this.name = 'ApiProblem'
    this.status = body.status ?? 0
    this.code = body.code ?? 'unknown'
    this.errors = body.errors ?? []
    this.retryAfter = retryAfter
  }
}

export interface ClientOptions {
  /** `https://files.example.org`; empty in the browser. */
  origin?: string
  /** An API token, where there is no session cookie. */
  token?: string
  headers?: Record<string, string>
  fetch?: typeof fetch
}

export interface Client {
  /** Calls an endpoint; throws {@link ApiProblem} for every answer that is not a success. */
  call<E extends Endpoint<any, any>>(
    endpoint: E,
    input: Input<E>,
    options?: { signal?: AbortSignal; headers?: Record<string, string> },
  ): Promise<Output<E>>
  /** The address of an endpoint, for links, images and streams. */
  url<E extends Endpoint<any, any>>(endpoint: E, input: Pick<Input<E>, 'params' | 'query'>): string
}

/** Makes a client; it keeps no state, so that one for each person costs nothing. */
export function client(options: ClientOptions = {}): Client {
  const send = options.fetch ?? fetch
  const base = { ...(options.token ? { authorization: `Bearer ${options.token}` } : {}), ...options.headers }
  return {
    url: (endpoint, input) => (options.origin ?? '') + address(endpoint, input as AnyInput),
    async call(endpoint, input, { signal, headers } = {}) {
      const { body } = input as AnyInput
      const json = body !== undefined && typeof endpoint.declared.body === 'object'
      let response: Response
      try {
        response = await send((options.origin ?? '') + address(endpoint, input as AnyInput), {
          method: endpoint.method,
          headers: { ...base, ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
          body: json ? JSON.stringify(body) : (body as FormData | Blob | undefined),
          signal,
        })
      } catch (cause) {
        if (signal?.aborted) throw cause
        throw new ApiProblem({
          code: 'unreachable',
          detail: 'The server cannot be reached. Check the connection; nothing you did is lost.',
        })
      }
      if (!response.ok) throw await problemOf(response)
      if (endpoint.declared.returns === 'bytes') return response as never
      return (response.status === 204 ? undefined : await response.json()) as never
    },
  }
}

/** Reads a failed answer; the body may be anything (a proxy's page, nothing). */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const wait = Number(response.headers.get('retry-after')) || undefined
  const body = await response
    .json()
    .catch(() => ({ detail: `The server answered ${response.status} ${response.statusText}.` }))
  return new ApiProblem({ ...body, status: response.status }, wait)
}

interface AnyInput {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
}

function address(endpoint: Endpoint, { params = {}, query = {} }: AnyInput): string {
  const path = endpoint.path.replace(parametersInPath, (_, name: string, isPath?: string) => {
    const value = params[name] ?? ''
    return isPath ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value)
  })
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (key === 'metadata' && value && typeof value === 'object')
      for (const [field, wanted] of Object.entries(value))
        for (const one of [wanted].flat()) search.append(`metadata.${field}`, String(one))
    else if (value !== undefined && value !== null) for (const one of [value].flat()) search.append(key, String(one))
  }
  const text = search.toString()
  return text ? `${path}?${text}` : path
}
