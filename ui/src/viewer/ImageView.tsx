/** A picture: whole at first; a click shows its own pixels, and it is then moved by scrolling. */
import { useState } from 'react'
import { classes } from '../kit/classes.ts'
import type { Shown } from './shown.ts'

export function ImageView({ file }: { file: Shown }) {
  const [large, setLarge] = useState(false)
  const [failed, setFailed] = useState(false)
  const source = failed && file.picture ? file.picture : file.address
  return (
    <div className={classes('flex min-h-0 min-w-0 flex-1', large ? 'overflow-auto' : 'overflow-hidden p-4')}>
      <button
        type="button"
        aria-label={large ? 'Show the whole picture' : 'Show it in full size'}
        onClick={() => setLarge(!large)}
        className={classes('m-auto', large ? 'cursor-zoom-out' : 'flex h-full max-w-full cursor-zoom-in items-center')}
      >
        <img
          src={source}
          alt={file.name}
          onError={() => setFailed(true)}
          className={large ? 'max-w-none' : 'max-h-full max-w-full object-contain'}
        />
      </button>
    </div>
  )
}
