/** Which bytes of an upload are durable: ranges without gaps between neighbours, few however many chunks there are. */
import { sql } from 'kysely'
import type { Reader, Transaction } from '../index/open.ts'
import { q } from '../index/query.ts'

export interface Range {
  start: number
  /** The first byte behind it. */
  stop: number
}

/** The ranges that were received, in order, neighbours joined. */
export function rangesOf(read: Reader, uploadNo: number): Range[] {
  return read.all(
    q.selectFrom('upload_range').select(['start', 'stop']).where('upload_no', '=', uploadNo).orderBy('start'),
  )
}

/** Whether all bytes of a range are there, without reading the others. */
export function isReceived(read: Reader, uploadNo: number, { start, stop }: Range): boolean {
  const at = read.get(
    sql<Range>`SELECT start, stop FROM upload_range WHERE upload_no = ${uploadNo} AND start <= ${start} ORDER BY start DESC LIMIT 1`,
  )
  return at !== undefined && at.stop >= stop
}

/** How many bytes are there. */
export function receivedBytes(read: Reader, uploadNo: number): number {
  const row = read.get(
    sql<{ bytes: number | null }>`SELECT sum(stop - start) AS bytes FROM upload_range WHERE upload_no = ${uploadNo}`,
  )
  return row?.bytes ?? 0
}

/** Adds a range, and joins it with those that it touches or covers. */
export function addRange(tx: Transaction, uploadNo: number, { start, stop }: Range): void {
  if (stop <= start) return
  const touched = tx.all(
    sql<Range>`SELECT start, stop FROM upload_range WHERE upload_no = ${uploadNo} AND start <= ${stop} AND stop >= ${start}`,
  )
  tx.run(sql`DELETE FROM upload_range WHERE upload_no = ${uploadNo} AND start <= ${stop} AND stop >= ${start}`)
  tx.run(
    q.insertInto('upload_range').values({
      upload_no: uploadNo,
      start: Math.min(start, ...touched.map((one) => one.start)),
      stop: Math.max(stop, ...touched.map((one) => one.stop)),
    }),
  )
}

/** A function that says whether all bytes of a range are in `ranges`, which are in order. */
export function covering(ranges: readonly Range[]): (wanted: Range) => boolean {
  return ({ start, stop }) => {
    let low = 0
    let high = ranges.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const one = ranges[middle] as Range
      if (one.start > start) high = middle - 1
      else if (one.stop <= start) low = middle + 1
      else return one.stop >= stop
    }
    return stop === start
  }
}

/** How many bytes the ranges have. */
export function bytesIn(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, stop }) => sum + stop - start, 0)
}
