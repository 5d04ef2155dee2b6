// Contents for the tests of this folder, the same each time, and edits as people and programs make them.

export type Random = ReturnType<typeof randomOf>

/** Whole numbers without a pattern (xorshift32, Marsaglia 2003). */
export function randomOf(seed: number) {
  let state = Math.imul(seed, 0x9e3779b1) | 1
  function step(): number {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  return { step, below: (end: number) => Math.floor((step() / 2 ** 32) * end) }
}

/** Bytes that nothing compresses. */
export function noise(size: number, seed = 1): Buffer {
  const random = randomOf(seed)
  const words = new Uint32Array(Math.ceil(size / 4))
  for (let i = 0; i < words.length; i++) words[i] = random.step()
  return Buffer.from(words.buffer, 0, size)
}

/** Lines of words and numbers. */
export function text(size: number, seed = 1): Buffer {
  const random = randomOf(seed)
  const lines: string[] = []
  for (let length = 0; length < size; ) {
    const line = `${random.below(1000)} ${random.below(2000).toString(36)} and ${random.below(300).toString(2)}\n`
    lines.push(line)
    length += line.length
  }
  return Buffer.from(lines.join('').slice(0, size))
}

/** The content after some edits: pieces put in, taken out, replaced, moved, repeated, zeroed, single bits turned. */
export function edited(content: Buffer, random: Random, edits = 1 + random.below(12)): Buffer {
  let result: Buffer = Buffer.from(content)
  for (let n = 0; n < edits; n++) result = editOnce(result, random)
  return result
}

function editOnce(content: Buffer, random: Random): Buffer {
  const at = random.below(content.length + 1)
  const length = random.below(random.below(2) ? 20 : Math.min(20_000, content.length + 1))
  const end = Math.min(content.length, at + length)
  const [before, piece, after] = [content.subarray(0, at), content.subarray(at, end), content.subarray(end)]
  const fresh = random.below(2) ? noise(length, random.step()) : text(length, random.step())
  switch (random.below(8)) {
    case 0:
      return Buffer.concat([before, fresh, piece, after])
    case 1:
      return Buffer.concat([before, after])
    case 2:
      return Buffer.concat([before, fresh, after])
    case 3:
      return Buffer.concat([piece, before, after])
    case 4:
      return Buffer.concat([before, piece, piece, after])
    case 5:
      return Buffer.concat([before, Buffer.alloc(piece.length), after])
    case 6:
      return Buffer.concat([after, piece, before])
    default:
      return Buffer.concat([before, piece.map((byte, i) => (i % 37 === 0 ? byte ^ 4 : byte)), after])
  }
}
