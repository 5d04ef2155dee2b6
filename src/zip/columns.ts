/** Rows of numbers and bytes in typed arrays that grow: 200,000 entries take megabytes, not objects. */

/** A list of numbers of one width. */
export interface Column {
  readonly length: number
  /** Bytes in memory. */
  readonly weight: number
  push(value: number): void
  /** Throws outside of what was pushed. */
  at(index: number): number
}

type Numbers = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>

/** Whole numbers up to 2^53. */
export function wideColumn(): Column {
  return column((length) => new Float64Array(length))
}

/** Whole numbers below 2^32. */
export function narrowColumn(): Column {
  return column((length) => new Uint32Array(length))
}

function column(make: (length: number) => Numbers): Column {
  let values = make(64)
  let length = 0
  return {
    get length() {
      return length
    },
    get weight() {
      return values.byteLength
    },
    push(value) {
      if (length === values.length) {
        const grown = make(length * 2)
        grown.set(values)
        values = grown
      }
      values[length++] = value
    },
    at(index) {
      const value = index < length ? values[index] : undefined
      if (value === undefined) throw new RangeError(`There is no entry ${index} of ${length}.`)
      return value
    },
  }
}

/** Bytes one after the other. */
export interface Bytes {
  readonly length: number
  /** Bytes in memory, with the room to grow. */
  readonly weight: number
  push(bytes: Uint8Array): void
  /** A view, good until the next push. */
  slice(start: number, end: number): Buffer
}

export function growingBytes(): Bytes {
  let all = Buffer.allocUnsafe(4096)
  let length = 0
  return {
    get length() {
      return length
    },
    get weight() {
      return all.length
    },
    push(bytes) {
      if (length + bytes.length > all.length) {
        const grown = Buffer.allocUnsafe(Math.max(all.length * 2, length + bytes.length))
        all.copy(grown, 0, 0, length)
        all = grown
      }
      all.set(bytes, length)
      length += bytes.length
    },
    slice: (start, end) => all.subarray(start, end),
  }
}

/** The last index in `0 … count - 1` whose value, which never falls, is at most `wanted`; -1 where there is none. */
export function lastUpTo(wanted: number, count: number, valueAt: (index: number) => number): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (valueAt(middle) <= wanted) low = middle + 1
    else high = middle
  }
  return low - 1
}
