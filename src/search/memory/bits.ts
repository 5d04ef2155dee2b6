/** Sets of small numbers as bits in a Uint32Array; all sets that meet have the same length. */

export type Bits = Uint32Array<ArrayBuffer>

/** An empty set for numbers below `size`. */
export function noBits(size: number): Bits {
  return new Uint32Array((size + 31) >>> 5)
}

/** The set of all numbers below `size`. */
export function allBits(size: number): Bits {
  const bits = noBits(size).fill(0xffffffff)
  const rest = size & 31
  if (rest !== 0 && bits.length > 0) bits[bits.length - 1] = 0xffffffff >>> (32 - rest)
  return bits
}

export function has(bits: Bits, n: number): boolean {
  return (((bits[n >>> 5] as number) >>> (n & 31)) & 1) === 1
}

export function clear(bits: Bits, n: number): void {
  bits[n >>> 5] = (bits[n >>> 5] as number) & ~(1 << (n & 31))
}

/** Adds the numbers of a list from `from` to before `to`. */
export function addList(bits: Bits, list: Uint32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const n = list[i] as number
    bits[n >>> 5] = (bits[n >>> 5] as number) | (1 << (n & 31))
  }
}

export function addAll(bits: Bits, other: Bits): void {
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] as number) | (other[i] as number)
}

export function keepCommon(bits: Bits, other: Bits): void {
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] as number) & (other[i] as number)
}

export function remove(bits: Bits, other: Bits): void {
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] as number) & ~(other[i] as number)
}

/** How many numbers are in the set. */
export function count(bits: Bits): number {
  let n = 0
  for (let i = 0; i < bits.length; i++) {
    let x = bits[i] as number
    x -= (x >>> 1) & 0x55555555
    x = (x & 0x33333333) + ((x >>> 2) & 0x33333333)
    n += Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return n
}

/** Calls `visit` with each number in the set, in order. */
export function each(bits: Bits, visit: (n: number) => void): void {
  for (let i = 0; i < bits.length; i++) {
    for (let x = bits[i] as number; x !== 0; x &= x - 1) visit((i << 5) + 31 - Math.clz32(x & -x))
  }
}
