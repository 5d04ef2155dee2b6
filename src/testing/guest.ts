/** A browser without an account, at the door of one link: it keeps the cookie that it is given. */
import type { Share } from '../api/shares.ts'

export interface Guest {
  readonly code: string
  /** What it sends as its cookie. */
  cookie: string
  /** `''`, `/files`, `/download?path=a.txt`, … */
  get(path: string, headers?: Record<string, string>): Promise<Response>
  json<T>(path: string): Promise<T>
  unlock(proof: { password?: string; email?: string; code?: string }): Promise<Response>
  put(path: string, content: string, headers?: Record<string, string>): Promise<Response>
}

export function openGuest(url: string, { shortCode: code }: Pick<Share, 'shortCode'>, address?: string): Guest {
  const base = `${url}/api/public/shares/${code}`
  const own = (headers: Record<string, string>) => ({
    ...(guest.cookie === '' ? {} : { cookie: guest.cookie }),
    ...(address === undefined ? {} : { 'x-forwarded-for': address }),
    ...headers,
  })
  const guest: Guest = {
    code,
    cookie: '',
    get: (path, headers = {}) => fetch(base + path, { headers: own(headers) }),
    async json<T>(path: string) {
      const answer = await guest.get(path)
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as T
    },
    async unlock(proof) {
      const answer = await fetch(`${base}/unlock`, {
        method: 'POST',
        headers: own({ 'content-type': 'application/json' }),
        body: JSON.stringify(proof),
      })
      const [cookie] = answer.headers.getSetCookie()
      if (cookie) guest.cookie = cookie.split(';')[0] ?? ''
      return answer
    },
    put: (path, content, headers = {}) =>
      fetch(`${base}/files/${path}`, { method: 'PUT', body: content, headers: own(headers) }),
  }
  return guest
}
