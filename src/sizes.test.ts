import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from './problem.ts'
import { formatSize, parseDuration, parseSize } from './sizes.ts'

test('sizes are read in powers of ten and of two, with or without a space, in either case', () => {
  for (const [text, bytes] of [
    ['0', 0],
    ['4096', 4096],
    ['10GB', 10e9],
    ['512MiB', 512 * 2 ** 20],
    ['1.5 tib', 1.5 * 2 ** 40],
    [' 2kB ', 2000],
  ] as const)
    assert.equal(parseSize(text), bytes, text)
})

test('durations are read in milliseconds', () => {
  for (const [text, ms] of [
    ['250ms', 250],
    ['30s', 30_000],
    ['15m', 900_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
  ] as const)
    assert.equal(parseDuration(text), ms, text)
})

test('what is neither says so and shows how to write it', () => {
  const refusal = (message: RegExp) => (error: unknown) =>
    error instanceof Problem && error.code === 'bad-input' && message.test(error.message)
  for (const text of ['', '-1', '1e3', '10 XB', 'lots', '10 constructor', '99999999TB'])
    assert.throws(() => parseSize(text), refusal(/is not a size\. Write it like 500MB/), text)
  for (const text of ['', '60', '0s', '-5m', '1 week'])
    assert.throws(() => parseDuration(text), refusal(/is not a duration\. Write it like 30s/), text)
})

test('sizes are shown with the digits that matter, and never as 1000 of the smaller unit', () => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [12_345, '12.3 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [8_400_000, '8.4 MB'],
    [1.5e9, '1.5 GB'],
  ] as const)
    assert.equal(formatSize(bytes), text)
})
