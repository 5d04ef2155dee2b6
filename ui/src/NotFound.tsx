/** An address that leads nowhere. */
import { Compass } from 'lucide-react'
import { Button } from './kit/Button.tsx'
import { EmptyState } from './kit/states.tsx'

export function NotFound() {
  return (
    <main className="flex h-full">
      <EmptyState
        heading="h1"
        icon={Compass}
        title="There is nothing here"
        action={<Button onPress={() => location.assign('/')}>To your files</Button>}
      >
        The address may be mistyped, or what was here is gone.
      </EmptyState>
    </main>
  )
}
