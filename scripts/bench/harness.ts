/**
 * The harness for every benchmark: warm-up, contestants in turn (A B A B, because this hour's machine is not the next
 * hour's), median and spread, the machine's facts, Markdown for people and JSON for programs.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'

export interface Contestant {
  name: string
  /** One run; answers its figure. Undefined: cannot be measured here, `missing` says why. */
  run?: () => Promise<number>
  missing?: string
}

export interface Case {
  name: string
  unit: string
  /** The first is ours; the others are its peers. */
  contestants: Contestant[]
  /** What ours is held against: an absolute figure, or a share of the first peer's. */
  goal?: { atLeast?: number; atMost?: number; ofPeer?: number; ofPeerAtMost?: number }
  /** Runs that are not counted, one each by default. */
  warmUps?: number
  /** Fewer runs than asked for, for what takes minutes. */
  mostRuns?: number
  /** Told after the case, for figures that come by the way. */
  notes?: () => string[]
}

export interface Bench {
  /** Makes ready; what it answers is undone at the end. */
  open(options: { quick: boolean }): Promise<AsyncDisposable & { cases: Case[]; facts: string[] }>
}

export interface Figures {
  name: string
  values: number[]
  median: number
  least: number
  most: number
  missing?: string
}

export interface Result {
  name: string
  unit: string
  figures: Figures[]
  /** Ours against the first peer. */
  ratio: number | undefined
  goal: string
  met: boolean | undefined
  notes: string[]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low, high] = [sorted[middle - 1], sorted[middle]]
  if (high === undefined) return Number.NaN
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2
}

/** The value below which `share` of all lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Runs one case: every contestant warms up, then they take turns. */
export async function measure(
  { name, unit, contestants, goal = {}, warmUps = 1, mostRuns = Number.POSITIVE_INFINITY, notes }: Case,
  runs: number,
): Promise<Result> {
  const values = new Map<string, number[]>(contestants.map((one) => [one.name, []]))
  for (let round = -warmUps; round < Math.min(runs, mostRuns); round++)
    for (const one of contestants) {
      const figure = await one.run?.()
      if (round >= 0 && figure !== undefined) values.get(one.name)?.push(figure)
    }
  const figures = contestants.map(({ name: who, missing, run }): Figures => {
    const own = values.get(who) ?? []
    return {
      name: who,
      values: own,
      median: median(own),
      least: Math.min(...own),
      most: Math.max(...own),
      ...(run ? {} : { missing: missing ?? 'not measured' }),
    }
  })
  const [ours, peer] = figures
  const ratio = ours && peer && !peer.missing ? ours.median / peer.median : undefined
  return {
    name,
    unit,
    figures,
    ratio,
    ...judged(goal, ours?.median ?? Number.NaN, ratio, unit),
    notes: notes?.() ?? [],
  }
}

function judged(
  { atLeast, atMost, ofPeer, ofPeerAtMost }: NonNullable<Case['goal']>,
  ours: number,
  ratio: number | undefined,
  unit: string,
): Pick<Result, 'goal' | 'met'> {
  if (atLeast !== undefined) return { goal: `≥ ${shown(atLeast)} ${unit}`, met: ours >= atLeast }
  if (ofPeerAtMost !== undefined)
    return { goal: `≤ ${ofPeerAtMost} × the peer`, met: ratio === undefined ? undefined : ratio <= ofPeerAtMost }
  if (atMost !== undefined) return { goal: `≤ ${shown(atMost)} ${unit}`, met: ours <= atMost }
  if (ofPeer !== undefined)
    return { goal: `≥ ${ofPeer} × peer`, met: ratio === undefined ? undefined : ratio >= ofPeer }
  return { goal: '', met: undefined }
}

/** The results as a table for people. */
export function markdown(name: string, facts: readonly string[], results: readonly Result[]): string {
  const rows = results.flatMap((result) =>
    result.figures.map((one, i) => {
      const figure = one.missing ? one.missing : `**${shown(one.median)}** (${shown(one.least)} – ${shown(one.most)})`
      const verdict = i > 0 ? '' : result.met === undefined ? '' : result.met ? 'met' : '**missed**'
      return `| ${i === 0 ? `${result.name}, ${result.unit}` : ''} | ${one.name} | ${figure} | ${i === 0 && result.ratio !== undefined ? `${shown(result.ratio)} ×` : ''} | ${i === 0 ? result.goal : ''} | ${verdict} |`
    }),
  )
  const notes = results.flatMap((result) => result.notes.map((note) => `- ${result.name}: ${note}`))
  return `# ${name}\n\n${facts.map((fact) => `- ${fact}`).join('\n')}\n\n| case | who | median (least – most) | against the peer | goal | |\n| --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}\n${notes.length > 0 ? `\n${notes.join('\n')}\n` : ''}`
}

/** Three digits that matter. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return Number(value.toFixed(digits)).toLocaleString('en')
}

/** What machine this is, and how busy it was before: above a half of its cores, the figures are somebody else's too. */
export function machineFacts(directory: string): string[] {
  const system = /PRETTY_NAME="(.*)"/.exec(readText('/etc/os-release'))?.[1] ?? 'Linux'
  const disk = said('stat', ['-f', '-c', '%T', directory])
  return [
    `${new Date().toISOString().slice(0, 16)}Z, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${system}, kernel ${release()}, ${disk || 'unknown file system'}, Node ${process.version}`,
    `load before the start: ${shown(loadavg()[0] ?? Number.NaN)}`,
  ]
}

/** What a program prints; empty where it is not installed. */
export function said(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  } catch {
    return ''
  }
}

/** Runs a whole benchmark and keeps what it found in artifacts/bench. */
export async function runBench(
  root: string,
  name: string,
  bench: Bench,
  { runs, quick }: { runs: number; quick: boolean },
): Promise<Result[]> {
  const machine = machineFacts(root)
  await using ready = await bench.open({ quick })
  const facts = [
    ...machine,
    ...ready.facts,
    `${runs} runs each after one warm-up, contestants in turn${quick ? '; QUICK: sizes too small to quote' : ''}`,
  ]
  const results: Result[] = []
  for (const one of ready.cases) {
    process.stderr.write(`${one.name} …\n`)
    const result = await measure(one, runs)
    results.push(result)
    // Said at once: what comes later may fail, and these were minutes of work.
    for (const { name: who, median: figure, missing } of result.figures)
      process.stderr.write(`  ${who}: ${missing ?? `${shown(figure)} ${one.unit}`}\n`)
  }
  const folder = join(root, 'artifacts/bench')
  mkdirSync(folder, { recursive: true })
  const file = quick ? `${name}-quick` : name // what can be quoted is not overwritten by what cannot
  const text = markdown(name, facts, results)
  writeFileSync(join(folder, `${file}.md`), text)
  writeFileSync(join(folder, `${file}.json`), JSON.stringify({ name, facts, results }, null, 2))
  process.stdout.write(`${text}\n`)
  return results
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
