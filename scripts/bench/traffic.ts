/** One plain client for everybody: the same code sends to us and to the peers, so that it favours nobody. */
import { createReadStream, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { pipeline } from 'node:stream/promises'

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

export interface Sent {
  status: number
  body: string
}

export interface Call {
  method: string
  headers?: Record<string, string | number>
  /** Bytes before the file, the file, and bytes after it. */
  before?: string | Buffer
  file?: string
  after?: string
}

/** Sends one request and reads the answer whole; anything but success is an error. */
export function call(url: string, { method, headers = {}, before = '', file, after = '' }: Call): Promise<Sent> {
  const length = Buffer.byteLength(before) + (file ? statSync(file).size : 0) + Buffer.byteLength(after)
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { agent, method, headers: { ...headers, ...(length > 0 ? { 'content-length': length } : {}) } },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('end', () => {
          const status = response.statusCode ?? 0
          if (status >= 200 && status < 300) resolve({ status, body })
          else reject(new Error(`${method} ${url} answered ${status}: ${body.slice(0, 300)}`))
        })
      },
    )
    sent.on('error', reject)
    sent.write(before)
    if (!file) sent.end(after)
    else
      pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), sent, { end: false }).then(
        () => sent.end(after),
        reject,
      )
  })
}

/** Reads an answer and throws its bytes away; answers how many there were. */
export function drain(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { agent, headers }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      response.on('end', () =>
        response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${url} answered ${response.statusCode}`)),
      )
      response.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}

/** The fixed parts of a multipart request with one file. */
export function multipart(
  name: string,
  fields: Record<string, string> = {},
): { headers: Record<string, string>; before: string; after: string } {
  const boundary = '----filevault-bench'
  const parts = Object.entries(fields).map(
    ([key, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`,
  )
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    before: `${parts.join('')}--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
    after: `\r\n--${boundary}--\r\n`,
  }
}

/** Does `work` for 0 … count-1, `atOnce` at a time; answers the seconds it took. */
export async function many(count: number, atOnce: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const began = performance.now()
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return (performance.now() - began) / 1000
}
