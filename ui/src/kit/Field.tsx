/** Text fields and checkboxes with their label, hint and error. */
import { Check } from 'lucide-react'
import type { ReactNode, Ref } from 'react'
import { Checkbox as AriaCheckbox } from 'react-aria-components/Checkbox'
import { FieldError } from 'react-aria-components/FieldError'
import { Input } from 'react-aria-components/Input'
import { Label } from 'react-aria-components/Label'
import { Text } from 'react-aria-components/Text'
import { type TextFieldProps as AriaProps, TextField as AriaTextField } from 'react-aria-components/TextField'

export interface TextFieldProps extends Omit<AriaProps, 'className' | 'children'> {
  label: string
  hint?: string | undefined
  /** What is wrong with it; replaces the hint. */
  error?: string | undefined
  placeholder?: string
  inputRef?: Ref<HTMLInputElement>
}

export const inputLook =
  'h-9 w-full rounded-md border border-line bg-card px-3 outline-none placeholder:text-faint focus:border-accent focus:ring-2 focus:ring-accent/20'

export function TextField({ label, hint, error, placeholder, inputRef, ...rest }: TextFieldProps) {
  return (
    <AriaTextField
      {...rest}
      isInvalid={error !== undefined}
      // The browser would not send a form with what the server refused a moment ago, though it was mended.
      validationBehavior={error === undefined ? 'native' : 'aria'}
      className="flex flex-col gap-1.5"
    >
      <Label className="font-medium">{label}</Label>
      <Input ref={inputRef ?? null} placeholder={placeholder} className={inputLook} />
      {hint !== undefined && error === undefined && (
        <Text slot="description" className="text-sm text-faint">
          {hint}
        </Text>
      )}
      <FieldError className="text-sm text-danger">{error}</FieldError>
    </AriaTextField>
  )
}

export function Checkbox({
  children,
  isSelected,
  onChange,
}: {
  children: ReactNode
  isSelected: boolean
  onChange: (on: boolean) => void
}) {
  return (
    <AriaCheckbox isSelected={isSelected} onChange={onChange} className="group flex items-center gap-2">
      <span className="flex size-4 items-center justify-center rounded border border-faint group-data-focus-visible:outline-2 group-data-focus-visible:outline-accent group-data-selected:border-accent group-data-selected:bg-accent">
        {isSelected && <Check size={12} strokeWidth={3} className="text-on-accent" aria-hidden />}
      </span>
      {children}
    </AriaCheckbox>
  )
}
