/** The shapes that several nouns share: ids, times, sizes, names, and values that arrive as text in a query. */
import * as v from 'valibot'

export const Id = v.pipe(v.string(), v.minLength(1), v.maxLength(64), v.description('An opaque id.'))

export const Time = v.pipe(v.string(), v.isoTimestamp(), v.description('ISO 8601, UTC.'))

export const Bytes = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER))

export const Email = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(254, 'An e-mail address has at most 254 characters.'),
  v.email('That is not an e-mail address.'),
)

export const PersonName = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, 'A name is needed.'),
  v.maxLength(100, 'A name has at most 100 characters.'),
)

/** Length alone is asked for; composition rules make passwords worse. Counted in characters here, in bytes on the server. */
export const Password = v.pipe(
  v.string(),
  v.minLength(10, 'A password has at least 10 characters; a few words are good.'),
  v.maxLength(256, 'A password has at most 256 characters.'),
)

/** Types of files: an extension (`pdf`), a MIME type (`image/png`) or a family of them (`image/*`). */
export const FileTypes = v.pipe(
  v.array(
    v.pipe(
      v.string(),
      v.trim(),
      v.toLowerCase(),
      v.regex(
        /^(?:\.?[\p{L}\p{N}_+-]{1,20}|[a-z]+\/(?:\*|[\w.+-]+))$/u,
        'A type is an extension like pdf, or image/png, or image/*.',
      ),
    ),
  ),
  v.maxLength(200),
)

/** A name of a file or folder as sent; the domain decides whether it is a good one and says what is wrong. */
export const EntryName = v.pipe(v.string(), v.minLength(1, 'A name is needed.'), v.maxLength(1024))

export const Tag = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, 'A tag is not empty.'),
  v.maxLength(64, 'A tag has at most 64 characters.'),
)
export const mostTags = 50
export const Tags = v.pipe(v.array(Tag), v.maxLength(mostTags, `A file has at most ${mostTags} tags.`))

const MetadataKey = v.pipe(
  v.string(),
  v.regex(/^[\p{L}\p{N}_ -]{1,64}$/u, 'A metadata key has 1 to 64 letters, digits, spaces, _ or -.'),
)
const MetadataText = v.pipe(v.string(), v.maxLength(2000, 'A metadata value has at most 2000 characters.'))
export const MetadataValue = v.union([
  MetadataText,
  v.pipe(v.number(), v.finite()),
  v.boolean(),
  v.pipe(v.array(MetadataText), v.maxLength(50)),
])

/** Names with values; a list, which valibot's record would take as `{ 0: … }`, is none. */
export function fields<K extends v.GenericSchema<string, string>, V extends v.GenericSchema>(key: K, value: V) {
  return v.pipe(
    v.custom<Record<string, v.InferInput<V>>>(
      (input) => !Array.isArray(input),
      'An object of names and values is needed.',
    ),
    v.record(key, value),
  )
}

/** Custom metadata of a file. */
export const Metadata = v.pipe(
  fields(MetadataKey, MetadataValue),
  v.check((fields) => Object.keys(fields).length <= 64, 'A file has at most 64 metadata fields.'),
)
export type Metadata = v.InferOutput<typeof Metadata>

/** A whole number in a query string. */
export function integer(min: number, max: number) {
  return v.pipe(
    v.union([
      v.number(),
      v.pipe(v.string(), v.regex(/^-?\d{1,16}$/, 'A whole number is needed.'), v.transform(Number)),
    ]),
    v.integer(),
    v.minValue(min),
    v.maxValue(max),
    v.metadata({ openapi: { type: 'integer', minimum: min, maximum: max } }),
  )
}

/** `true` or `false` in a query string. */
export const Flag = v.pipe(
  v.union([
    v.boolean(),
    v.pipe(
      v.picklist(['true', 'false']),
      v.transform((text) => text === 'true'),
    ),
  ]),
  v.metadata({ openapi: { type: 'boolean' } }),
)

/** A value that may be repeated in a query string: `?tag=a&tag=b`. */
export function several(max = 50) {
  return v.pipe(
    v.union([
      v.array(v.pipe(v.string(), v.maxLength(200))),
      v.pipe(
        v.string(),
        v.maxLength(200),
        v.transform((one) => [one]),
      ),
    ]),
    v.maxLength(max),
    v.metadata({ openapi: { type: 'array', items: { type: 'string' } } }),
  )
}

/** One page of a list by keyset cursor. */
export const pageFields = { nextCursor: v.nullable(v.string()), hasMore: v.boolean() }
