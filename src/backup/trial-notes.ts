/** What the last trial of a backup found, kept beside the backups: what is wrong there is copied anew, never linked again. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from './backup-disk.ts'

export interface TrialNotes {
  /** When, in milliseconds since 1970. */
  at: number
  /** The name of the backup that was tried. */
  backup: string
  /** Paths in it that are missing or other bytes than they should be. */
  bad: string[]
}

const nameOf = (directory: string) => join(directory, 'trial.json')

export async function readTrial(directory: string): Promise<TrialNotes> {
  try {
    const notes = JSON.parse(await readFile(nameOf(directory), 'utf8')) as TrialNotes
    return Array.isArray(notes.bad) ? notes : { at: 0, backup: '', bad: [] }
  } catch {
    return { at: 0, backup: '', bad: [] }
  }
}

/** Writes down what was found. */
export async function writeTrial(directory: string, notes: TrialNotes): Promise<void> {
  await writeWhole(nameOf(directory), `${JSON.stringify(notes)}\n`)
}
