/** Reads one vault into arrays and hands them over. */
import { parentPort, workerData } from 'node:worker_threads'
import { openConnection } from '../../index/connection.ts'
import { readVault } from './data.ts'
import { buffersOf } from './transfer.ts'

const { path, vaultNo } = workerData as { path: string; vaultNo: number }
const db = openConnection(path, { readonly: true, busyMs: 5000 })
const data = readVault(db, vaultNo)
db.close()
parentPort?.postMessage(data, buffersOf(data))
