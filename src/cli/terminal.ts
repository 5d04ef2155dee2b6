/** What the commands share: reading a password from standard input, printing for people or as JSON. */
import { text } from 'node:stream/consumers'
import { Problem } from '../problem.ts'

/** The command line itself is wrong: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export interface Terminal {
  readonly json: boolean
  /** Prints `value` with --json, else the sentence or table. */
  print(value: unknown, forPeople: string): void
}

export function openTerminal(json: boolean): Terminal {
  return {
    json,
    print: (value, forPeople) => void process.stdout.write(`${json ? JSON.stringify(value) : forPeople}\n`),
  }
}

/** A password from standard input, without the line's end. */
export async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Password: ')
  const password = (await text(process.stdin)).replace(/\r?\n$/, '')
  if (password === '') throw new Problem('bad-input', 'There was no password on standard input.')
  return password
}

/** Columns padded to their widest cell; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => String(row[i] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          typeof cell === 'number' ? String(cell).padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
        )
        .join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n')
}
