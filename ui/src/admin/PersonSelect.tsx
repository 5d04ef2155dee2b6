/** One of the users who are not shut out. */
import { inputLook } from '../kit/Field.tsx'
import { useUsers } from './queries.ts'

export function PersonSelect({
  label,
  value,
  without,
  onChange,
}: {
  label: string
  /** An id; empty: nobody yet. */
  value: string
  /** The id of somebody who is not to be chosen. */
  without?: string
  onChange: (userId: string) => void
}) {
  const { data } = useUsers()
  return (
    <label className="flex flex-col gap-1.5 font-medium text-text">
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value)} className={`${inputLook} font-normal`}>
        <option value="">Choose somebody</option>
        {data
          ?.filter(({ id, disabled }) => !disabled && id !== without)
          .map(({ id, name, email }) => (
            <option key={id} value={id}>
              {name} ({email})
            </option>
          ))}
      </select>
    </label>
  )
}
