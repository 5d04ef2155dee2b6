/** The buffers in a piece of plain data, each once, to be handed to another thread instead of copied. */
export function buffersOf(data: unknown): ArrayBuffer[] {
  return [...new Set(within(data))]
}

function within(data: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(data)) return data.buffer instanceof ArrayBuffer ? [data.buffer] : []
  if (Array.isArray(data)) return [] // lists of texts and rows have none
  if (typeof data === 'object' && data !== null) return Object.values(data).flatMap(within)
  return []
}
