/** `npm start`: builds the page when its sources are newer, then serves in this very process. */
import { buildUi, uiIsFresh } from './build.ts'

if (!uiIsFresh()) {
  process.stderr.write('Building the page …\n')
  await buildUi({ minify: true })
}
process.argv.splice(2, 0, 'serve')
await import('../src/main.ts')
