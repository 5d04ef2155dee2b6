/** The picture that guests see above what is shared: chosen, shown, taken away. */
import { ImageUp, Trash2 } from 'lucide-react'
import { FileTrigger } from 'react-aria-components/FileTrigger'
import { Button } from '../kit/Button.tsx'
import { useToast, useTold } from '../kit/Toast.tsx'
import { useBrand } from '../sharing/queries.ts'
import { useRemoveLogo, useSetLogo } from './queries.ts'

export function Logo() {
  const { data: brand } = useBrand()
  const set = useSetLogo()
  const remove = useRemoveLogo()
  const told = useTold()
  const show = useToast()
  const choose = (chosen: FileList | null) => {
    const [file] = chosen ?? []
    if (file) told(set.mutateAsync(file).then(() => show({ text: 'The logo is there.' })))
  }
  return (
    <div className="flex flex-col gap-1.5">
      <span className="font-medium">Logo</span>
      <div className="flex items-center gap-3">
        {brand?.logo && (
          <img
            src={`${brand.logo}?${set.submittedAt}`}
            alt="The present logo"
            className="h-10 max-w-40 rounded border border-line object-contain p-1"
          />
        )}
        <FileTrigger acceptedFileTypes={['image/png', 'image/jpeg', 'image/webp']} onSelect={choose}>
          <Button icon={ImageUp} isDisabled={set.isPending}>
            {brand?.logo ? 'Choose another' : 'Choose a picture'}
          </Button>
        </FileTrigger>
        {brand?.logo && (
          <Button look="quiet" icon={Trash2} onPress={() => told(remove.mutateAsync())}>
            Take it away
          </Button>
        )}
      </div>
      <p className="text-sm text-faint">A PNG, JPEG or WebP of at most 256 KiB; it is shown 40 pixels high.</p>
    </div>
  )
}
