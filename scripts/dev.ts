/** `npm run dev`: builds the page and restarts the server on every change, in one terminal. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { buildUi } from './build.ts'

const root = join(import.meta.dirname, '..')
const settleMs = 120

let server: ChildProcess | undefined
let timer: NodeJS.Timeout | undefined
let building: Promise<void> = Promise.resolve()
let pageChanged = true
let isEnding = false

function restart(): void {
  building = building.then(async () => {
    if (pageChanged) {
      pageChanged = false
      await buildUi({ minify: false }).catch((error: unknown) =>
        process.stderr.write(`${error instanceof Error ? error.message : error}\n`),
      )
    }
    await stopServer()
    if (isEnding) return
    server = spawn(process.execPath, ['src/main.ts', 'serve', ...process.argv.slice(2)], {
      cwd: root,
      stdio: 'inherit',
    })
  })
}

async function stopServer(): Promise<void> {
  if (!server || server.exitCode !== null || server.signalCode !== null) return
  const gone = once(server, 'exit')
  server.kill('SIGTERM')
  await gone
}

function changed(page: boolean): void {
  pageChanged ||= page
  clearTimeout(timer)
  timer = setTimeout(restart, settleMs)
}

watch(join(root, 'src'), { recursive: true }, (_, name) => {
  if (name && !name.endsWith('.test.ts')) changed(/^(?:api|transfer|blocks)/.test(name))
})
watch(join(root, 'ui'), { recursive: true }, () => changed(true))
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    isEnding = true
    clearTimeout(timer)
    building.then(stopServer).then(() => process.exit())
  })
restart()
