/** Files behind a link, as the viewer and the lists need them. */
import type { Kind } from '../../../src/api/files.ts'
import * as shares from '../../../src/api/shares.ts'
import { addressOf } from '../call.ts'
import { kindLooks } from '../kit/kinds.ts'
import type { GuestFile, GuestShare } from '../sharing/queries.ts'
import type { Shown } from '../viewer/shown.ts'

export function downloadOf({ shortCode, permission }: GuestShare, path?: string): string | undefined {
  if (permission === 'view') return undefined
  return addressOf(shares.downloadShare, { params: { shortCode }, query: path === undefined ? {} : { path } })
}

export function pictureOf(
  { shortCode }: GuestShare,
  { path, thumbnail, updatedAt }: { path?: string; thumbnail: string | null; updatedAt: string },
  size: 'small' | 'medium' | 'large',
): string | undefined {
  if (thumbnail !== 'ready') return undefined
  const query = { size, v: updatedAt, ...(path === undefined ? {} : { path }) }
  return addressOf(shares.shareThumbnail, { params: { shortCode }, query })
}

/** A file in a shared folder. */
export function shownFile(share: GuestShare, file: GuestFile): Shown {
  const { path, name, size, mimeType, updatedAt } = file
  return {
    key: `${path} ${updatedAt}`,
    name,
    size,
    mimeType,
    kind: knownKind(file.kind),
    address: addressOf(shares.previewShare, { params: { shortCode: share.shortCode }, query: { path } }),
    download: downloadOf(share, path),
    picture: pictureOf(share, file, 'large'),
  }
}

/** The file that is shared itself. */
export function shownShare(share: GuestShare): Shown {
  const { name, size, mimeType, thumbnail, updatedAt, shortCode } = share
  return {
    key: updatedAt,
    name,
    size: size ?? 0,
    mimeType: mimeType ?? '',
    kind: knownKind(share.kind ?? 'other'),
    address: addressOf(shares.previewShare, { params: { shortCode }, query: {} }),
    download: downloadOf(share),
    picture: pictureOf(share, { thumbnail, updatedAt }, 'large'),
  }
}

export function knownKind(kind: string): Kind {
  return kind in kindLooks ? (kind as Kind) : 'other'
}
