/** The way from the top to the folder that is shown; each step takes what is dropped on it. */
import { ChevronRight } from 'lucide-react'
import { Fragment } from 'react'
import { classes } from '../kit/classes.ts'
import { useDropEntries } from './dragging.ts'
import { usePlace } from './place.ts'
import { type Folder, useFolder } from './queries.ts'

export function Crumbs() {
  const { place } = usePlace()
  const { data: here } = useFolder(place.folder)
  return (
    <nav aria-label="Where you are" className="flex min-w-0 items-center gap-1 text-[14px]">
      <Step id={null} name="All files" last={here === undefined} />
      {here && <Above folder={here} />}
      {here && (
        <>
          <ChevronRight size={14} className="shrink-0 text-faint" aria-hidden />
          <Step id={here.id} name={here.name} last />
        </>
      )}
    </nav>
  )
}

function Above({ folder }: { folder: Folder }) {
  const { data: parent } = useFolder(folder.parentId ?? undefined)
  if (!parent || folder.parentId === null) return null
  return (
    <Fragment>
      <Above folder={parent} />
      <ChevronRight size={14} className="shrink-0 text-faint" aria-hidden />
      <Step id={parent.id} name={parent.name} last={false} />
    </Fragment>
  )
}

function Step({ id, name, last }: { id: string | null; name: string; last: boolean }) {
  const { go } = usePlace()
  const { over, handlers } = useDropEntries(id, name)
  if (last)
    return (
      <h1 className="truncate px-1 font-semibold">
        <bdi>{name}</bdi>
      </h1>
    )
  return (
    <button
      type="button"
      {...handlers}
      onClick={() => go('files', id ?? undefined)}
      className={classes(
        'max-w-48 truncate rounded px-1 text-soft hover:bg-hover hover:text-text',
        over && 'ring-2 ring-accent',
      )}
    >
      <bdi>{name}</bdi>
    </button>
  )
}
