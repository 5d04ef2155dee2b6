/** Digest fields (RFC 9530): what the bytes of a message have to hash to. */
import { Problem } from '../problem.ts'

const lengths = { sha256: 32, sha512: 64 }

/** The strongest digest of a `Content-Digest` that we know, in hex; undefined where there is no field. */
export function digestOf(field: string | undefined): { algorithm: 'sha256' | 'sha512'; value: string } | undefined {
  if (field === undefined) return undefined
  for (const [name, algorithm] of [
    ['sha-512', 'sha512'],
    ['sha-256', 'sha256'],
  ] as const) {
    const [, base64] = new RegExp(`(?:^|,)\\s*${name}=:([A-Za-z0-9+/]*={0,2}):\\s*(?:,|$)`, 'i').exec(field) ?? []
    if (base64 === undefined) continue
    const bytes = Buffer.from(base64, 'base64')
    if (bytes.length === lengths[algorithm]) return { algorithm, value: bytes.toString('hex') }
  }
  throw new Problem('bad-input', 'Content-Digest has to be "sha-256=:BASE64:" or "sha-512=:BASE64:" (RFC 9530).')
}
