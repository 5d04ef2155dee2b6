/** Many lists of numbers in two arrays: list `i` is `values` from `starts[i]` to before `starts[i + 1]`. */

export interface Lists {
  starts: Uint32Array<ArrayBuffer>
  values: Uint32Array<ArrayBuffer>
}

/** Collects pairs (list, value) in any order of lists; the values of each list keep the order they came in. */
export class ListsBuilder {
  #lists = new Uint32Array(1024)
  #values = new Uint32Array(1024)
  #length = 0

  add(list: number, value: number): void {
    if (this.#length === this.#lists.length) {
      this.#lists = grown(this.#lists)
      this.#values = grown(this.#values)
    }
    this.#lists[this.#length] = list
    this.#values[this.#length++] = value
  }

  /** The lists 0 to before `count`; `order[old]` is the new number of a list. */
  build(count: number, order?: Uint32Array): Lists {
    const starts = new Uint32Array(count + 1)
    const [lists, length] = [this.#lists, this.#length]
    const place = (i: number) => (order ? (order[lists[i] as number] as number) : (lists[i] as number))
    for (let i = 0; i < length; i++) starts[place(i) + 1] = (starts[place(i) + 1] as number) + 1
    for (let i = 0; i < count; i++) starts[i + 1] = (starts[i + 1] as number) + (starts[i] as number)
    const next = starts.slice()
    const values = new Uint32Array(length)
    for (let i = 0; i < length; i++) {
      const at = place(i)
      values[next[at] as number] = this.#values[i] as number
      next[at] = (next[at] as number) + 1
    }
    return { starts, values }
  }
}

/** The lists turned around: for each value below `count` the lists that it is in. */
export function inverted({ starts, values }: Lists, count: number): Lists {
  const builder = new ListsBuilder()
  for (let list = 0; list < starts.length - 1; list++)
    for (let i = starts[list] as number; i < (starts[list + 1] as number); i++) builder.add(values[i] as number, list)
  return builder.build(count)
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2)
  larger.set(array)
  return larger
}
