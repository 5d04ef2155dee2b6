/** What the viewer needs to know of a file, whoever is looking. */
import type { Kind } from '../../../src/api/files.ts'

export interface Shown {
  /** Another one for another content. */
  key: string
  name: string
  size: number
  mimeType: string
  kind: Kind
  /** Where its bytes are, to be looked at. */
  address: string
  /** Where they are to be had; undefined: they are not to be had. */
  download: string | undefined
  /** A large thumbnail, for pictures that browsers cannot draw. */
  picture: string | undefined
}
