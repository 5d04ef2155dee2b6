/** The web page: files with their content's hash in the name, read into memory once, and one document for every place. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import type { Context } from 'hono'
import mime from 'mime'
import type { Http } from './context.ts'
import { escapeHtml } from './html.ts'

interface Asset {
  type: string
  plain: Buffer
  br?: Buffer
  gzip?: Buffer
}

export interface Assets {
  /** A file of the page, if there is one of this path. */
  file(c: Context<Http>, path: string): Response | undefined
  /** The page itself, whatever place in it was asked for. */
  page(c: Context<Http>, nonce: string): Response
  /** The page of guests, whose first words are the name of the team. */
  guestPage(c: Context<Http>, nonce: string, brand: string): Response
}

const missing = `<!doctype html><title>File Vault</title><p>The page is not built. Run <code>npm start</code>, or <code>npm run build</code>.</p>`

/** Reads the built page; without one the API works all the same and the page says what to do. */
export function openAssets(directory: string): Assets {
  const files = readAll(directory)
  const document = (name: string) => files.get(`/${name}`)?.plain.toString() ?? missing
  const [page, guestPage] = [document('index.html'), document('guest.html')]
  const show = (c: Context<Http>, html: string) => c.html(html, 200, { 'cache-control': 'no-cache' })
  return {
    file(c, path) {
      const asset = path.endsWith('.html') ? undefined : files.get(path)
      if (!asset) return undefined
      const [body, encoding] = encoded(asset, c.req.header('accept-encoding') ?? '')
      const headers = new Headers({
        'content-type': asset.type,
        'content-length': String(body.length),
        'cache-control': /[-.][A-Z0-9a-z]{8}\.\w+$/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
        vary: 'accept-encoding',
      })
      if (encoding) headers.set('content-encoding', encoding)
      return new Response(new Uint8Array(body), { headers })
    },
    page(c, nonce) {
      return show(c, page.replaceAll('{{nonce}}', nonce))
    },
    guestPage(c, nonce, brand) {
      return show(
        c,
        guestPage.replaceAll('{{nonce}}', nonce).replaceAll('{{brand}}', () => escapeHtml(brand)),
      )
    },
  }
}

function encoded(asset: Asset, accepted: string): [body: Buffer, encoding?: string] {
  if (asset.br && /\bbr\b/.test(accepted)) return [asset.br, 'br']
  if (asset.gzip && /\bgzip\b/.test(accepted)) return [asset.gzip, 'gzip']
  return [asset.plain]
}

function readAll(directory: string): Map<string, Asset> {
  const files = new Map<string, Asset>()
  if (!existsSync(directory)) return files
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || ['.br', '.gz', '.map'].includes(extname(path))) continue
    const asset: Asset = { type: typeOf(path), plain: readFileSync(path) }
    if (existsSync(`${path}.br`)) asset.br = readFileSync(`${path}.br`)
    if (existsSync(`${path}.gz`)) asset.gzip = readFileSync(`${path}.gz`)
    files.set(`/${relative(directory, path)}`, asset)
  }
  return files
}

function typeOf(path: string): string {
  const type = mime.getType(path) ?? 'application/octet-stream'
  return /^text\/|javascript|json/.test(type) ? `${type}; charset=utf-8` : type
}
