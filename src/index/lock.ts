/** Locks of a volume: whoever works on the whole of it, or backs it up, holds an exclusive transaction on a database of its own. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { Problem } from '../problem.ts'

/**
 * Takes the lock of the index at `indexPath` and holds it until closed: the kernel lets go of it even after kill -9, and it
 * needs no native add-on. Throws `busy` while another process has it.
 */
export function takeLock(indexPath: string): Database.Database {
  return take(lockPath(indexPath), 0, {
    busy: 'Another File Vault is running on this volume. Stop it first, or choose another volume with FILEVAULT_VOLUME.',
  })
}

/**
 * Takes the lock of a backup: while it is held, bytes that no row names any more stay where they are, for the snapshot that
 * is being copied may name them. Throws `busy` while another backup has it.
 */
export function takeBackupLock(indexPath: string): Database.Database {
  // Whoever only looks whether it is held has it for a moment.
  return take(backupLockPath(indexPath), 2000, {
    busy: 'Another backup of this volume is under way. Wait until it is done.',
  })
}

/** Whether a backup is being made at the moment. */
export function isBackupUnderWay(indexPath: string): boolean {
  return isHeld(backupLockPath(indexPath))
}

function take(path: string, waitMs: number, { busy }: { busy: string }): Database.Database {
  const lock = new Database(path, { timeout: waitMs })
  try {
    lock.pragma('locking_mode = EXCLUSIVE')
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    if (isBusy(error)) throw new Problem('busy', busy)
    throw error
  }
}

/** Whether a process works on the whole volume at the moment. */
export function isLocked(indexPath: string): boolean {
  return isHeld(lockPath(indexPath))
}

function isHeld(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    take(path, 0, { busy: 'held' }).close()
    return false
  } catch (error) {
    if (error instanceof Problem && error.code === 'busy') return true
    throw error
  }
}

function lockPath(indexPath: string): string {
  return join(dirname(indexPath), 'lock.db')
}

function backupLockPath(indexPath: string): string {
  return join(dirname(indexPath), 'backup-lock.db')
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}
