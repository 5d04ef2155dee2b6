/** One shared file: as large as the page lets it be, and a way to have it. */
import { Download } from 'lucide-react'
import { Button } from '../kit/Button.tsx'
import { formatBytes } from '../kit/format.ts'
import type { GuestShare } from '../sharing/queries.ts'
import { Content } from '../viewer/Content.tsx'
import { Limits } from './Limits.tsx'
import { shownShare } from './shown.ts'

export function SharedFile({ share }: { share: GuestShare }) {
  const file = shownShare(share)
  const { download } = file
  return (
    <main className="flex min-h-0 flex-1 flex-col">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 md:px-6">
        <div className="min-w-0 flex-1">
          <h1 className="truncate text-lg font-semibold">
            <bdi>{file.name}</bdi>
          </h1>
          <p className="text-sm text-faint">
            {formatBytes(file.size)} <Limits share={share} />
          </p>
        </div>
        {download !== undefined && (
          <Button
            look="primary"
            icon={Download}
            isDisabled={share.downloadsLeft === 0}
            onPress={() => location.assign(download)}
          >
            Download
          </Button>
        )}
      </div>
      <div className="relative flex min-h-0 flex-1 border-t border-line bg-side">
        <Content file={{ ...file, download: undefined }} autoPlay={false} />
      </div>
    </main>
  )
}
