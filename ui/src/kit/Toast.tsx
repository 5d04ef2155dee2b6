/** What just happened, at the bottom, with a way back where there is one. Read aloud without taking the focus. */
import { CircleAlert, X } from 'lucide-react'
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react'
import { Button, IconButton } from './Button.tsx'

export interface ToastInput {
  text: string
  /** Something went wrong: it stays until it is closed. */
  wrong?: boolean
  undo?: () => void
}

interface Shown extends ToastInput {
  id: number
}

const stayMs = 6000

const Context = createContext<(toast: ToastInput) => void>(() => {})

/** Shows a toast. */
export function useToast(): (toast: ToastInput) => void {
  return useContext(Context)
}

/** Runs something that may fail, and says why when it does. */
export function useTold(): (work: Promise<unknown>) => void {
  const show = useToast()
  return useCallback(
    (work) =>
      void work.catch((error: unknown) =>
        show({ text: error instanceof Error ? error.message : String(error), wrong: true }),
      ),
    [show],
  )
}

export function Toasts({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Shown[]>([])
  const last = useRef(0)
  const close = useCallback((id: number) => setShown((all) => all.filter((one) => one.id !== id)), [])
  const show = useCallback(
    (toast: ToastInput) => {
      const id = ++last.current
      setShown((all) => [...all.slice(-2), { ...toast, id }])
      if (!toast.wrong) setTimeout(() => close(id), stayMs)
    },
    [close],
  )
  const list = useMemo(
    () => (
      <div
        role="status"
        aria-live="polite"
        className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex flex-col items-center gap-2 px-4"
      >
        {shown.map(({ id, text, wrong, undo }) => (
          <div
            key={id}
            className="appear pointer-events-auto flex max-w-lg items-center gap-3 rounded-lg border border-line bg-card py-1.5 pr-1.5 pl-4 shadow-float"
          >
            {wrong && <CircleAlert size={16} className="shrink-0 text-danger" aria-hidden />}
            <span>{text}</span>
            {undo && (
              <Button
                look="quiet"
                onPress={() => {
                  undo()
                  close(id)
                }}
              >
                Undo
              </Button>
            )}
            <IconButton icon={X} label="Close" onPress={() => close(id)} />
          </div>
        ))}
      </div>
    ),
    [shown, close],
  )
  return (
    <Context.Provider value={show}>
      {children}
      {list}
    </Context.Provider>
  )
}
