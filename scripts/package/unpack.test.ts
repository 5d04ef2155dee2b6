import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Manifest, places, programFolder } from './unpack.ts'

const directory = mkdtempSync(join(tmpdir(), 'filevault-unpack-'))
after(() => rmSync(directory, { recursive: true }))

const contents = { 'a.js': 'first', 'native/b.node': 'second' }
const manifest: Manifest = {
  build: '0123456789abcdef',
  files: Object.entries(contents).map(([path, text]) => ({ path, size: text.length, sha256: hash('sha256', text) })),
}
const content = () => Buffer.from(Object.values(contents).join(''))
const unpackInto = (...bases: string[]) => programFolder(manifest, content, bases, () => {})

let last = 0
function base(): string {
  return join(directory, String(++last))
}

test('a folder that others may write to, or that is a link, is not used', () => {
  const [open, elsewhere, link] = [base(), base(), base()]
  mkdirSync(open)
  chmodSync(open, 0o777)
  mkdirSync(elsewhere)
  symlinkSync(elsewhere, link)
  assert.throws(() => unpackInto(open), /other users may write there/)
  assert.throws(() => unpackInto(link), /not a directory/)
  const good = base()
  assert.equal(unpackInto(open, link, good), join(good, manifest.build))
})

test('a place whose libraries cannot be loaded is passed over, and each is named when none is left', () => {
  const [noexec, other] = [base(), base()]
  const canRun = (folder: string) => {
    if (folder.startsWith(noexec)) throw new Error('the disk is mounted noexec.')
  }
  assert.equal(programFolder(manifest, content, [noexec, other], canRun), join(other, manifest.build))
  assert.throws(() => programFolder(manifest, content, [noexec], canRun), /the disk is mounted noexec\.\nSet XDG_CACHE/)
})

test('what is there and whole is used as it is; what is damaged or missing is made anew', () => {
  const place = base()
  const folder = unpackInto(place)
  const unneeded = () => assert.fail('nothing was to be unpacked')
  assert.equal(
    programFolder(manifest, unneeded, [place], () => {}),
    folder,
  )
  for (const damage of [
    () => rmSync(join(folder, 'a.js')),
    () => {
      chmodSync(join(folder, 'a.js'), 0o600)
      writeFileSync(join(folder, 'a.js'), 'fIrst')
    },
  ]) {
    damage()
    assert.equal(unpackInto(place), folder)
    assert.equal(readFileSync(join(folder, 'a.js'), 'utf8'), 'first')
  }
})

test('the folders of builds that nobody used for a day go, and only those', () => {
  const place = base()
  const [old, running, foreign] = ['fedcba9876543210', 'aaaabbbbccccdddd', 'something of mine']
  for (const name of [old, running, foreign]) mkdirSync(join(place, name), { recursive: true })
  for (const name of [old, foreign]) utimesSync(join(place, name), 0, 0)
  chmodSync(place, 0o700)
  unpackInto(place)
  const left = [old, running, foreign, manifest.build].map((name) => existsSync(join(place, name)))
  assert.deepEqual(left, [false, true, true, true])
})

test('the place that systemd gives is the only one for a service; people have their own cache', () => {
  assert.deepEqual(places({ CACHE_DIRECTORY: '/var/cache/filevault', XDG_CACHE_HOME: '/x' }), ['/var/cache/filevault'])
  assert.equal(places({ XDG_CACHE_HOME: '/x' })[0], '/x/filevault')
  assert.match(places({ XDG_CACHE_HOME: 'relative' })[0] ?? '', /^\/.*\/\.cache\/filevault$/)
})
