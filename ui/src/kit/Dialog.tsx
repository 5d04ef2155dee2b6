/** A question or a small form over the page; Escape and a click beside it close it. */
import type { ReactNode } from 'react'
import { Dialog as AriaDialog } from 'react-aria-components/Dialog'
import { Heading } from 'react-aria-components/Heading'
import { Modal, ModalOverlay } from 'react-aria-components/Modal'
import { Button } from './Button.tsx'

export interface DialogProps {
  title: string
  children?: ReactNode
  onClose: () => void
  /** Buttons; they stand to the right, the one that does it last. */
  actions?: ReactNode
  wide?: boolean
}

export function Dialog({ title, children, onClose, actions, wide }: DialogProps) {
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(open) => !open && onClose()}
      className="fixed inset-0 z-40 flex items-center justify-center bg-black/35 p-4"
    >
      <Modal className={`appear w-full ${wide ? 'max-w-xl' : 'max-w-md'}`}>
        <AriaDialog className="flex max-h-[85vh] flex-col rounded-[10px] border border-line bg-card shadow-float outline-none">
          <Heading slot="title" className="px-5 pt-4 text-lg font-semibold">
            {title}
          </Heading>
          <div className="flex min-h-0 flex-col gap-4 overflow-auto px-5 py-3 text-soft">{children}</div>
          <div className="flex justify-end gap-2 px-5 pt-1 pb-4">{actions}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

export interface QuestionProps {
  title: string
  children: ReactNode
  /** What the button says: the act, not "OK". */
  act: string
  danger?: boolean
  onAct: () => void
  onClose: () => void
}

/** Asks before something that cannot be undone. */
export function Question({ title, children, act, danger, onAct, onClose }: QuestionProps) {
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            look={danger ? 'danger' : 'primary'}
            autoFocus
            onPress={() => {
              onAct()
              onClose()
            }}
          >
            {act}
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  )
}
