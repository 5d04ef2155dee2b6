/** A Debian 12 of its own, booted in a container with its systemd: where the tests of install.sh may do what they like. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Machine extends AsyncDisposable {
  /** Its file system, as seen from outside. */
  readonly root: string
  /** Runs a command line as root in it, in a process group of its own. */
  run(line: string, input?: string): { status: number | null; out: string }
}

/** What `debootstrap` made is kept for the next time: it takes a minute and 300 MB. */
const kept = '/var/tmp/filevault-debian-12'
const packages = 'systemd,systemd-sysv,ca-certificates,curl,xz-utils'

/** The container's systemd takes the control group it finds itself in for the whole machine. */
const intoOwnGroup = `for tree in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  [ ! -f $tree/cgroup.procs ] || { mkdir -p $tree/filevault-machine && echo $$ >$tree/filevault-machine/cgroup.procs; }
done;`
const options = '--register=no --keep-unit --quiet'

/** What is missing to boot one, as a sentence, or undefined. */
export function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'this needs root'
  const missing = ['debootstrap', 'systemd-nspawn', 'nsenter'].find((name) => spawnSync(name, ['--version']).error)
  return missing === undefined ? undefined : `${missing} is missing (apt-get install debootstrap systemd-container)`
}

/** Boots a fresh one, with a second disk (in memory) that is mounted at `/srv/files`. */
export async function bootMachine(): Promise<Machine> {
  if (!existsSync(kept)) {
    const making = `${kept}.new`
    rmSync(making, { recursive: true, force: true })
    execFileSync('debootstrap', ['--variant=minbase', `--include=${packages}`, 'bookworm', making], { stdio: 'ignore' })
    renameSync(making, kept)
  }
  const root = mkdtempSync(join(tmpdir(), 'filevault-machine-'))
  cpSync(kept, root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
  chmodSync(root, 0o755) // it is everybody's /
  mkdirSync(join(root, 'srv/files'))
  // By way of another place, so that what is on it stays when it is unmounted.
  writeFileSync(join(root, 'etc/fstab'), 'tmpfs /mnt/disk tmpfs mode=755 0 0\n/mnt/disk /srv/files none bind 0 0\n')
  const container = spawn('sh', ['-c', `${intoOwnGroup} exec systemd-nspawn ${options} -D "$0" --boot`, root], {
    stdio: 'ignore',
  })
  const machine: Machine = {
    root,
    run(line, input = '') {
      const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' }
      const inside = ['-t', String(leader(container)), '-a', 'setsid', '-w', 'sh', '-c', `${line} 2>&1`]
      const { status, stdout } = spawnSync('nsenter', inside, { env, input, encoding: 'utf8' })
      return { status, out: stdout }
    },
    async [Symbol.asyncDispose]() {
      if (container.exitCode === null) {
        container.kill('SIGTERM')
        await once(container, 'exit')
      }
      rmSync(root, { recursive: true, force: true })
    },
  }
  for (let tries = 0; ; tries++) {
    if (leader(container) && /running|degraded/.test(machine.run('systemctl is-system-running').out)) return machine
    if (tries > 120) throw new Error('The machine does not boot.')
    await sleep(500)
  }
}

/** The container's first process, seen from outside. */
function leader({ pid }: ChildProcess): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0])
  } catch {
    return 0
  }
}
