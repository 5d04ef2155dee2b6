// The program that the snapshot test kills: `node crash-subject.ts <index> <vault number>` makes the arrays of a vault and
// writes its snapshot over and over, with a line on its standard output after each.
import { mkdirSync, writeSync } from 'node:fs'
import { openConnection } from '../../index/connection.ts'
import { readVault } from './data.ts'
import { snapshotDirectory, snapshotFile, stampOf } from './kept.ts'
import { writeSnapshot } from './snapshot.ts'

if (import.meta.main) {
  const [path = '', vaultNo] = process.argv.slice(2)
  const db = openConnection(path, { readonly: true, busyMs: 5000 })
  mkdirSync(snapshotDirectory(path), { recursive: true })
  for (;;) {
    const data = readVault(db, Number(vaultNo))
    const stamp = stampOf(db, { no: data.vaultNo, id: data.vaultId, seq: data.seq })
    if (!stamp) throw new Error('The vault has no history.')
    writeSnapshot(snapshotFile(path, data.vaultId), data, stamp)()
    writeSync(1, `${data.seq}\n`)
  }
}
