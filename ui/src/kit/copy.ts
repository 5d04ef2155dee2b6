/** Copying to the clipboard, and saying so. */
import { useCallback } from 'react'
import { useToast } from './Toast.tsx'

export function useCopyText(): (text: string) => void {
  const show = useToast()
  return useCallback(
    (text) =>
      void navigator.clipboard.writeText(text).then(
        () => show({ text: 'Copied.' }),
        () => show({ text: 'The browser did not let it be copied. Select it and copy it yourself.', wrong: true }),
      ),
    [show],
  )
}
