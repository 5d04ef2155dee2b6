/** A fixed number of decoders and an orderly queue before them, so that a thousand files cost no more than one at a time. */
import { Decoder, type Limits } from './decoder.ts'

/** A decoder on loan, given back when its scope ends. */
export interface Lease extends Disposable {
  decoder: Decoder
}

export class Pool implements AsyncDisposable {
  readonly #decoders: Decoder[]
  readonly #free: Decoder[]
  /** In the order of their coming; a set lets any of them leave at once. */
  readonly #waiting = new Set<(decoder: Decoder) => void>()

  constructor(processes: number, limits: Limits) {
    this.#decoders = Array.from({ length: processes }, () => new Decoder(limits))
    this.#free = [...this.#decoders]
  }

  /** The next free decoder, first come, first served. Rejects with the signal's reason when that comes first. */
  async take(signal: AbortSignal): Promise<Lease> {
    signal.throwIfAborted()
    const decoder = this.#free.pop() ?? (await this.#wait(signal))
    return { decoder, [Symbol.dispose]: () => this.#giveBack(decoder) }
  }

  /** Ends all children. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#decoders.map((decoder) => decoder[Symbol.asyncDispose]()))
  }

  #wait(signal: AbortSignal): Promise<Decoder> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(enter)
        reject(signal.reason)
      }
      const enter = (decoder: Decoder) => {
        signal.removeEventListener('abort', leave)
        resolve(decoder)
      }
      this.#waiting.add(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  #giveBack(decoder: Decoder): void {
    const [next] = this.#waiting
    // The one used last is used first: the others get the chance to be idle long enough to end.
    if (!next) return void this.#free.push(decoder)
    this.#waiting.delete(next)
    next(decoder)
  }
}
