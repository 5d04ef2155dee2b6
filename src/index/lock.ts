/** The lock of a volume: whoever works on the whole of it holds an exclusive transaction on a database of its own. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { Problem } from '../problem.ts'

/**
 * Takes the lock of the index at `indexPath` and holds it until closed: the kernel lets go of it even after kill -9, and it
 * needs no native add-on. Throws `busy` while another process has it.
 */
export function takeLock(indexPath: string): Database.Database {
  const lock = new Database(lockPath(indexPath), { timeout: 0 })
  try {
    lock.pragma('locking_mode = EXCLUSIVE')
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    if (isBusy(error))
      throw new Problem(
        'busy',
        'Another File Vault is running on this volume. Stop it first, or choose another volume with FILEVAULT_VOLUME.',
      )
    throw error
  }
}

/** Whether a process works on the whole volume at the moment. */
export function isLocked(indexPath: string): boolean {
  if (!existsSync(lockPath(indexPath))) return false
  try {
    takeLock(indexPath).close()
    return false
  } catch (error) {
    if (error instanceof Problem && error.code === 'busy') return true
    throw error
  }
}

function lockPath(indexPath: string): string {
  return join(dirname(indexPath), 'lock.db')
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}
