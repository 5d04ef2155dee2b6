/** A wake-up after a commit, nothing more: the journal says what happened. */

export interface News {
  /** Calls `wake` after each commit that changed something; the answer ends it. */
  listen(wake: () => void): () => void
  tell(): void
}

export function openNews(): News {
  const listeners = new Set<() => void>()
  return {
    listen(wake) {
      listeners.add(wake)
      return () => listeners.delete(wake)
    },
    tell() {
      for (const wake of listeners) wake()
    },
  }
}
