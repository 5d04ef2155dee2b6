/** One of a few, all of them in sight. */
import { Label } from 'react-aria-components/Label'
import { Radio, RadioGroup } from 'react-aria-components/RadioGroup'

export interface ChoiceProps<T extends string> {
  label: string
  value: T
  options: readonly { value: T; label: string; about?: string }[]
  onChange: (value: T) => void
}

export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  const about = options.find((one) => one.value === value)?.about
  return (
    <RadioGroup value={value} onChange={(next) => onChange(next as T)} className="flex flex-col gap-1.5">
      <Label className="font-medium text-text">{label}</Label>
      <div className="flex rounded-md border border-line bg-side p-0.5">
        {options.map((one) => (
          <Radio
            key={one.value}
            value={one.value}
            className="flex h-8 flex-1 cursor-default items-center justify-center rounded border border-transparent px-2 text-soft data-focus-visible:outline-2 data-focus-visible:outline-accent data-selected:border-line data-selected:bg-card data-selected:font-medium data-selected:text-text"
          >
            {one.label}
          </Radio>
        ))}
      </div>
      {about && <p className="text-sm text-faint">{about}</p>}
    </RadioGroup>
  )
}
