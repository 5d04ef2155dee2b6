/** `filevault serve`: the server with its jobs, until it is told to stop. */
import { join } from 'node:path'
import { startRecording } from '../backup/recording.ts'
import { removeTrees, startTree } from '../backup/tree.ts'
import type { Config } from '../config.ts'
import { startServer } from '../http/serve.ts'
import { jobHandlers, recurring } from '../jobs/handlers.ts'
import { startJobs } from '../jobs/runner.ts'
import { createLog } from '../log.ts'
import { openMedia } from '../media/media.ts'
import { openCore } from '../vault/core.ts'
import { addUser, needsSetUp } from '../vault/users.ts'
import { version } from '../version.ts'
import { openSupervisor } from './supervisor.ts'

const pageDirectory = join(import.meta.dirname, '../../dist/ui')
const idleCheckMs = 5 * 60_000

/** Serves until SIGTERM or SIGINT; says on standard output where to go. Rejects when it cannot start, or must not go on. */
export async function serve(config: Config): Promise<void> {
  const log = createLog(config.log.level)
  for (const note of config.notes) log.warn(note)
  const stop = Promise.withResolvers<void>()
  await using core = await openCore({
    config,
    log,
    onUnknown: (cause) =>
      stop.reject(
        new Error('The disk did not confirm a commit. Stopping: the next start finds out what happened.', { cause }),
      ),
  })
  core.afterwards(core.search.warm()) // on threads of its own, while the rest starts
  if (config.admin && needsSetUp(core))
    await addUser(core, { ...config.admin, name: config.admin.email.split('@')[0] ?? 'Administrator', admin: true })
  await using media = openMedia({
    ffmpeg: config.media.ffmpeg,
    ffprobe: config.media.ffprobe,
    memoryMb: Math.round(config.media.memoryBytes / 1e6),
    timeoutSeconds: config.media.timeoutMs / 1000,
    processes: config.media.processes,
  })
  await using _jobs = startJobs(core, jobHandlers(core, media), { atOnce: config.media.processes + 2, recurring })
  await using _recording = startRecording(core)
  await using _tree = config.volume.readableTree ? startTree(core) : undefined
  if (!config.volume.readableTree) core.afterwards(removeTrees(core))
  await using server = await startServer(core, { version, pageDirectory })
  const tidy = setInterval(() => core.index.checkpoint(), idleCheckMs)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.resolve())
  announce(server.url, config, needsSetUp(core) ? core.setUpCode : undefined)
  log.info({ url: server.url, version, volume: core.volume.directory }, 'serving')
  const supervisor = openSupervisor(config, log)
  await supervisor.ready()
  try {
    await stop.promise
  } finally {
    clearInterval(tidy)
  }
  log.info('stopping')
  await supervisor.stopping()
}

function announce(url: string, config: Config, setUpCode: string | undefined): void {
  const open = config.server.publicUrl ?? url
  const lines = setUpCode
    ? [
        `File Vault is running at ${open}`,
        '',
        'Open this link once to make the first administrator:',
        `  ${open}/setup#${setUpCode}`,
      ]
    : [`File Vault is running at ${open}`]
  process.stdout.write(`\n${lines.join('\n')}\n\n`)
}
