// The bootstrap: whatever Node the machine has (18 or later), it installs the pinned Node and the packages, then runs
// the command with the pinned Node. Plain CommonJS, because it is the one file that an old Node runs.
// Traps: npm run by an old Node leaves out sharp's binary, so the pinned Node runs npm; npm makes no `.bin/node` link
// for two optional platforms, so the path is spelled out.
'use strict'
const { spawnSync, spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')
const runtime = path.join(__dirname, 'runtime')
const bin = path.join(runtime, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')
const node = path.join(bin, 'node')
const env = { ...process.env, PATH: bin + path.delimiter + (process.env.PATH || '') }

/** True when what npm installed in `dir` is no older than the lock file there. */
function fresh(dir) {
  const installed = fs.statSync(path.join(dir, 'node_modules', '.package-lock.json'), { throwIfNoEntry: false })
  return installed !== undefined && installed.mtimeMs >= fs.statSync(path.join(dir, 'package-lock.json')).mtimeMs
}

function install(with_, dir) {
  const npm = process.env.npm_execpath
  if (!npm) stop('Start this through npm (npm start, npm test, npm run …): it tells where npm itself is.')
  process.stderr.write(`Installing packages in ${path.relative(process.cwd(), dir) || '.'} …\n`)
  const done = spawnSync(with_, [npm, 'ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: dir,
    env,
    stdio: ['ignore', 2, 2],
  })
  if (done.status !== 0)
    stop(`npm could not install the packages in ${dir}. Check the network and run the command again.`)
}

function stop(sentence) {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}

if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch))
  stop(`File Vault runs on Linux x64 and arm64; this is ${process.platform} ${process.arch}.`)
if (!fresh(runtime)) install(process.execPath, runtime)
if (!fs.existsSync(node))
  stop(`The pinned Node is missing at ${node}. Remove scripts/runtime/node_modules and try again.`)
if (!fresh(root)) install(node, root)

const child = spawn(node, process.argv.slice(2), { cwd: root, env, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : code
})
