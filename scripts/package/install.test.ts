/** install.sh on a Debian that really boots. It takes minutes, hence a command of its own, `npm run test:install`. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { client } from '../../src/api/client.ts'
import { getFile, uploadFiles } from '../../src/api/files.ts'
import { picture } from '../../src/media/samples.ts'
import { formOf } from '../../src/testing/person.ts'
import { freePort } from '../../src/testing/port.ts'
import { version } from '../../src/version.ts'
import { makeArchive, makeExecutable } from '../package.ts'
import { bootMachine, type Machine, whatIsMissing } from './machine.ts'

const skip = process.env.FILEVAULT_PACKAGE === 'install' ? false : 'npm run test:install'
const volume = '/srv/files/vault'
let machine: Machine
let archive = ''
let origin = ''

before(async () => {
  if (skip) return
  const missing = whatIsMissing()
  if (missing) throw new Error(missing)
  const executable = await makeExecutable()
  const made = makeArchive(executable)
  machine = await bootMachine()
  origin = `http://127.0.0.1:${await freePort()}`
  const release = join(machine.root, 'release')
  mkdirSync(release)
  for (const path of [executable, made, `${made}.sha256`]) copyFileSync(path, join(release, basename(path)))
  const checkout = join(import.meta.dirname, '../..')
  for (const name of ['install.sh', 'config']) cpSync(join(checkout, name), join(release, name), { recursive: true })
  archive = `/release/${basename(made)}`
})
after(() => machine?.[Symbol.asyncDispose]())

/** Runs install.sh; says what it said when it ends otherwise than expected. */
function install(line: string, expected = 0): string {
  const { status, out } = machine.run(`/release/install.sh ${line}`)
  assert.equal(status, expected, out)
  return out
}

const isHealthy = async () => (await fetch(`${origin}/health`).catch(() => undefined))?.ok ?? false
const state = (unit = 'filevault') => machine.run(`systemctl is-active ${unit}`).out.trim()
/** Never 0, which would be everybody to `kill`. */
const mainPid = () => machine.run('systemctl show -P MainPID filevault').out.trim().replace(/^0$/, 'none')
const mode = (path: string) => machine.run(`stat -c '%a %U:%G' ${path}`).out.trim()

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await isSo()) return
    await sleep(100)
  }
  assert.fail(`${what}\n${machine.run('journalctl -u filevault -n 30 --no-pager').out}`)
}

test('a volume on the disk of the system is refused, and so is a path that is none', { skip }, () => {
  assert.match(install(`--from ${archive} --volume /data`, 1), /lies on the disk of the system/)
  assert.match(install(`--from ${archive} --volume /srv`, 1), /cannot be a volume/)
  assert.match(install(`--from ${archive}`, 2), /Say with --volume/)
  assert.equal(existsSync(join(machine.root, 'data')), false)
})

test('an archive that is not what its checksum says is refused', { skip }, () => {
  const said = install(`--from ${archive} --sha256 ${'0'.repeat(64)} --volume ${volume}`, 1)
  assert.match(said, /not what its checksum says/)
  assert.match(install('--from http://example.org/filevault.tar.xz', 1), /without TLS/)
})

test('it installs a service that runs as its own user and is the only one to see its files', { skip }, async () => {
  const listen = origin.slice('http://'.length)
  const said = install(`--from ${archive} --volume ${volume} --listen ${listen} --no-ffmpeg`)
  assert.match(said, new RegExp(`File Vault ${version} is running at ${origin}`))
  assert.match(said, /http.*\/setup#\w+/)
  assert.equal(await isHealthy(), true)
  assert.equal(mode(volume), '700 filevault:filevault')
  assert.equal(mode('/var/cache/filevault'), '700 filevault:filevault')
  assert.equal(mode('/etc/filevault/filevault.toml'), '640 root:filevault')
  assert.equal(machine.run(`stat -c %U /proc/${mainPid()}`).out.trim(), 'filevault')
  assert.equal(machine.run('systemctl is-enabled filevault filevault-verify.timer').out, 'enabled\nenabled\n')
})

test('installing again changes nothing', { skip }, () => {
  const everything = () =>
    machine.run('cd / && sha256sum etc/filevault/* etc/systemd/system/filevault*/* usr/local/bin/filevault').out
  const before = everything()
  install(`--from ${archive} --no-ffmpeg`)
  assert.equal(everything(), before)
})

test('within its limits people are added, and pictures get their thumbnails', { skip }, async () => {
  const people = 'runuser -u filevault -- filevault'
  const added = machine.run(
    `${people} user add ann@example.org --name Ann --admin --password-stdin`,
    'a long password\n',
  )
  assert.equal(added.status, 0, added.out)
  const token = machine.run(`${people} token create --user ann@example.org --name t --scope read,write`).out.trim()
  const ann = client({ origin, token })
  const image = new Uint8Array(await picture(600, 400).jpeg().toBuffer())
  const { files } = await ann.call(uploadFiles, { body: formOf({ 'a.jpg': image }) })
  const id = files[0]?.id ?? ''
  await until('no thumbnail', async () => (await ann.call(getFile, { params: { id } })).thumbnail === 'ready')
  assert.equal(machine.run('systemctl start filevault-verify').status, 0)
})

test('a server that dies is started again, and one that stands still too', { skip }, async () => {
  const first = mainPid()
  assert.match(first, /^\d+$/)
  machine.run(`kill -KILL ${first}`)
  await until('not started again', async () => mainPid() !== first && (await isHealthy()))
  machine.run('mkdir -p /run/systemd/system/filevault.service.d')
  machine.run("printf '[Service]\\nWatchdogSec=3\\n' >/run/systemd/system/filevault.service.d/test.conf")
  machine.run('systemctl daemon-reload; systemctl restart filevault')
  const second = mainPid()
  assert.match(second, /^\d+$/)
  machine.run(`kill -STOP ${second}`)
  await until('the watchdog did nothing', async () => mainPid() !== second && (await isHealthy()))
  machine.run('rm /run/systemd/system/filevault.service.d/test.conf; systemctl daemon-reload')
})

test('an upgrade to a program that does not answer goes back to the one that did, with its index', {
  skip,
}, async () => {
  const index = `${volume}/index/filevault.db`
  const wrong = `#!/bin/sh
[ "$1" != --version ] || { echo 9.9.9; exit; }
[ -e ${index}.before-9 ] || cp ${index} ${index}.before-9
echo 'of another schema' >${index}
exit 1
`
  writeFileSync(join(machine.root, 'release/wrong'), wrong)
  chmodSync(join(machine.root, 'release/wrong'), 0o755)
  const said = install('--upgrade --from /release/wrong', 1)
  assert.match(said, new RegExp(`9\\.9\\.9 does not answer; going back to ${version}`))
  assert.match(said, new RegExp(`${version} is running again`))
  assert.equal(await isHealthy(), true)
  assert.equal(machine.run('filevault --version').out, `${version}\n`)
  assert.match(machine.run('runuser -u filevault -- filevault user list').out, /ann@example\.org/)
})

test('an upgrade keeps the program that was there; the same one again is no upgrade', { skip }, async () => {
  const newer = join(machine.root, 'release/newer')
  copyFileSync(join(machine.root, 'release/filevault'), newer)
  appendFileSync(newer, 'another build')
  assert.match(install('--upgrade --from /release/newer'), /is running; it was/)
  assert.equal(await isHealthy(), true)
  const [now, kept] = ['bin/filevault', 'lib/filevault/filevault.previous'].map((path) =>
    readFileSync(join(machine.root, 'usr/local', path)),
  )
  assert.ok(now?.equals(readFileSync(newer)))
  assert.ok(kept?.equals(readFileSync(join(machine.root, 'release/filevault'))))
  assert.match(install('--upgrade --from /release/newer'), /is the one that is installed/)
})

test('when its volume is taken away the service stops first', { skip }, async () => {
  assert.equal(machine.run('systemctl stop srv-files.mount').status, 0)
  await until('still running', () => state() === 'inactive')
  assert.equal(machine.run('systemctl start filevault').status, 0) // which mounts it again
  assert.equal(await isHealthy(), true)
})

test('uninstalling takes the program and leaves the data and the settings', { skip }, async () => {
  const said = install('--uninstall')
  assert.match(said, /\/srv\/files\/vault, \/etc\/filevault and the user filevault stay/)
  assert.equal(await isHealthy(), false)
  assert.equal(machine.run('ls /usr/local/bin/filevault /etc/systemd/system/filevault.service').status, 2)
  assert.equal(machine.run(`ls ${volume}/index/filevault.db /etc/filevault/filevault.toml`).status, 0)
  install('--uninstall')
})
