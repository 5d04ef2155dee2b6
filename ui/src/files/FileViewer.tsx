/** The viewer over a list of one's own files. */
import { useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import { getFile } from '../../../src/api/files.ts'
import { call } from '../call.ts'
import type { Shown } from '../viewer/shown.ts'
import { Viewer } from '../viewer/Viewer.tsx'
import { downloadAddress, type File, keys, pictureAddress } from './queries.ts'

export function FileViewer({
  id,
  files,
  onGo,
  onClose,
}: {
  id: string
  files: File[]
  onGo: (id: string) => void
  onClose: () => void
}) {
  const index = files.findIndex((one) => one.id === id)
  const listed = files[index]
  const { data, error } = useQuery({
    queryKey: keys.file(id),
    queryFn: ({ signal }) => call(getFile, { params: { id } }, { signal }),
    enabled: !listed,
  })
  const file = listed ?? data
  const step = useCallback(
    (by: 1 | -1) => {
      const next = files[index + by]
      if (next) onGo(next.id)
    },
    [files, index, onGo],
  )
  return (
    <Viewer
      file={file && shown(file)}
      problem={error?.message}
      index={index}
      count={files.length}
      onStep={step}
      onClose={onClose}
    />
  )
}

function shown(file: File): Shown {
  const { id, sha256, name, size, mimeType, kind, thumbnail } = file
  return {
    key: `${id} ${sha256}`,
    name,
    size,
    mimeType,
    kind,
    address: downloadAddress(id, true),
    download: downloadAddress(id),
    picture: thumbnail === 'ready' ? pictureAddress(file, 'large') : undefined,
  }
}
