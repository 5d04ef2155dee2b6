/** What ten versions of a file take on the volume, beside xdelta3, and how fast the first of them comes back. */
import { execFileSync, spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { client } from '../../src/api/client.ts'
import { uploadFiles } from '../../src/api/files.ts'
import { listVersions } from '../../src/api/versions.ts'
import type { Case } from './harness.ts'
import { histories } from './histories.ts'
import { bearer } from './moving.ts'
import type { Ours } from './programs.ts'
import { drain } from './traffic.ts'

/** Two cases for each history: bytes of the nine old versions, and MB/s of the first. */
export function versionCases(ours: Ours, folder: string, quick: boolean): Case[] {
  const person = client({ origin: ours.url, token: ours.token })
  const hasXdelta = spawnSync('xdelta3', ['-V']).error === undefined
  return histories
    .filter(([name]) => !quick || !name.includes('100 MB'))
    .flatMap(([name, versions]): Case[] => {
      let kept: Promise<{ id: string; size: number; stored: number }> | undefined
      const keep = async () => {
        let id = ''
        let size = 0
        let n = 0
        for (const content of versions()) {
          const form = new FormData()
          form.append('onConflict', 'replace')
          form.append('files', new Blob([Uint8Array.from(content)]), `${name}.bin`)
          const { files } = await person.call(uploadFiles, { body: form })
          id = files[0]?.id ?? ''
          n++
          if (n === 1) size = content.length
        }
        for (;;) {
          const [, ...old] = (await person.call(listVersions, { params: { id } })).versions
          if (old.length === n - 1 && old.every(({ storedBytes, size }) => storedBytes < size))
            return { id, size, stored: old.reduce((sum, { storedBytes }) => sum + storedBytes, 0) }
          await new Promise((resolve) => setTimeout(resolve, 200))
        }
      }
      const ready = () => {
        kept ??= keep()
        return kept
      }
      return [
        {
          name: `nine old versions: ${name}`,
          unit: 'bytes',
          goal: { ofPeerAtMost: 1.2 },
          warmUps: 0,
          mostRuns: 1, // the contents are the same each time
          contestants: [
            { name: 'File Vault', run: async () => (await ready()).stored },
            hasXdelta
              ? { name: 'xdelta3 (each against the next)', run: async () => xdelta(folder, versions()) }
              : { name: 'xdelta3', missing: 'not installed (apt-get install xdelta3)' },
          ],
        },
        {
          name: `version 1 of 10 comes back: ${name}`,
          unit: 'MB/s',
          ...(name.includes('100 MB') ? { goal: { atLeast: 100 } } : {}),
          contestants: [
            {
              name: 'File Vault',
              run: async () => {
                const { id, size } = await ready()
                const began = performance.now()
                await drain(`${ours.url}/api/files/${id}/versions/1/download`, bearer(ours))
                return size / 1e3 / (performance.now() - began)
              },
            },
          ],
        },
      ]
    })
}

function xdelta(folder: string, versions: Generator<Buffer>): number {
  const [older, newer, output] = ['older', 'newer', 'delta'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  let total = 0
  let before: Buffer | undefined
  for (const content of versions) {
    if (before) {
      writeFileSync(older, before)
      writeFileSync(newer, content)
      execFileSync('xdelta3', ['-e', '-f', '-s', newer, older, output])
      total += statSync(output).size
    }
    before = Buffer.from(content)
  }
  return total
}
