/** `npm run bench NAME [-- --runs 3 --quick]`: runs scripts/bench/NAME.ts; without a name, lists what there is. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bench, runBench } from './bench/harness.ts'

const folder = join(import.meta.dirname, 'bench')
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.slice(0, -'.bench.ts'.length))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '3' }, quick: { type: 'boolean', default: false } },
})
const [name] = positionals
const runs = Number(values.runs)
if (name === undefined || !names.includes(name) || !Number.isInteger(runs) || runs < 1) {
  process.stdout.write(`npm run bench NAME [-- --runs 3 --quick]\n\n${names.join('\n')}\n`)
  process.exitCode = name === undefined ? 0 : 2
} else {
  const { bench } = (await import(`./bench/${name}.bench.ts`)) as { bench: Bench }
  const results = await runBench(join(import.meta.dirname, '..'), name, bench, {
    runs,
    quick: values.quick,
  })
  if (results.some(({ met }) => met === false)) process.stderr.write('Some goals were missed; the table says which.\n')
}
