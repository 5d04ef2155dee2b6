/** A person as initials. */

export function Avatar({ name, size = 24 }: { name: string; size?: number }) {
  const words = name.trim().split(/[\s@.]+/)
  const initials = (
    (words[0]?.[0] ?? '?') + (words.length > 1 ? (words.at(-1)?.[0] ?? '') : (words[0]?.[1] ?? ''))
  ).toUpperCase()
  return (
    <span
      role="img"
      aria-label={name}
      title={name}
      // Drawn by the style: it is a picture of a name, not a text of its own.
      data-initials={initials}
      className="inline-flex before:content-[attr(data-initials)] shrink-0 items-center justify-center rounded-full bg-selected font-semibold text-accent-strong"
      style={{ width: size, height: size, fontSize: size * 0.38 }}
    />
  )
}
