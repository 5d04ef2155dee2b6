/** The record log: what was appended is there, what was torn is known, and a rewrite that is cut short costs nothing. */
import assert from 'node:assert/strict'
import { appendFile, open, readdir, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLog, readLog } from './log.ts'
import { makeTemporary } from './testing.ts'

test('what was written anew and appended is read back in order, also after opening again', async () => {
  await using temporary = await makeTemporary()
  const directory = join(temporary.path, 'records')
  assert.equal((await openLog(directory).state()).upTo, -1)
  await assert.rejects(openLog(directory).append(lines({ a: 1 }), 1), /anew/)
  const log = openLog(directory)
  await log.rewrite(pages([{ n: 1 }, { n: 'zwei\u2028\n' }]), 7)
  await log.append(lines({ n: 3 }), 8)
  await openLog(directory).append(lines({ n: 4 }), 9)
  assert.deepEqual(await read(directory), [1, 'zwei\u2028\n', 3, 4])
  assert.equal((await openLog(directory).state()).upTo, 9)
  const path = join(directory, '00000001.jsonl')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const again = openLog(directory)
  await again.rewrite(pages([{ n: 5 }]), 9)
  assert.deepEqual(await readdir(directory), ['00000002.jsonl'])
  assert.deepEqual(await read(directory), [5])
  const { bytes, wholeBytes } = await openLog(directory).state()
  assert.ok(wholeBytes > 0 && wholeBytes < bytes)
})

test('a tail that is torn, or a batch that is damaged, asks for a rewrite; the lines before it are still read', async () => {
  await using temporary = await makeTemporary()
  for (const [i, tear] of [
    (path: string) => appendFile(path, '1234'),
    (path: string) => appendFile(path, Buffer.alloc(4096)),
    (path: string, size: number) => truncate(path, size - 1),
    (path: string, size: number) => truncate(path, size - 100),
    async (path: string, size: number) => {
      await using file = await open(path, 'r+')
      await file.write('X', size - 200)
    },
  ].entries()) {
    const directory = join(temporary.path, `records${i}`)
    const log = openLog(directory)
    await log.rewrite(pages([{ n: 1 }]), 1)
    await log.append(lines({ n: 2, text: 'x'.repeat(150) }), 2)
    const path = join(directory, '00000001.jsonl')
    await tear(path, (await stat(path)).size)
    assert.equal((await openLog(directory).state()).upTo, -1, `tear ${i}`)
    assert.equal((await read(directory))[0], 1)
    const next = openLog(directory)
    await next.rewrite(pages([{ n: 9 }]), 3)
    assert.deepEqual(await read(directory), [9])
  }
})

test('a large batch is believed as a whole, and a rewrite that was cut short is not seen', async () => {
  await using temporary = await makeTemporary()
  const directory = join(temporary.path, 'records')
  const log = openLog(directory)
  await log.rewrite(pages([{ n: 0 }]), 0)
  const many = Array.from({ length: 5000 }, (_, i) => ({ n: i, text: 'y'.repeat(100) }))
  await log.append(lines(...many), 5)
  await writeFile(join(directory, '00000002.jsonl.part'), 'half')
  assert.equal((await openLog(directory).state()).upTo, 5)
  assert.equal((await read(directory)).length, 5001)
  await openLog(directory).rewrite(pages([{ n: 1 }]), 6)
  assert.deepEqual(await readdir(directory), ['00000002.jsonl'])
})

const lines = (...records: object[]) => records.map((record) => JSON.stringify(record))

async function* pages(...all: object[][]) {
  for (const page of all) yield lines(...page)
}

async function read(directory: string): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const record of readLog(directory, () => {})) if (record.log !== 'end') found.push(record.n)
  return found
}
