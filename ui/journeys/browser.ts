/** A real Chromium for the journeys; screenshots go to artifacts/screens, which git does not keep. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const screens = join(import.meta.dirname, '../../artifacts/screens')
const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'

export interface Browser extends AsyncDisposable {
  /** A fresh browser profile with one page. */
  open(options?: BrowserContextOptions): Promise<Tab>
}

export interface Tab {
  page: Page
  /** What the browser complained of: script errors, refused styles and scripts. */
  complaints: string[]
  /** Keeps a picture under this name. */
  picture(name: string): Promise<void>
  /** What axe finds wrong with the page as it is, one line each. */
  accessibility(): Promise<string[]>
}

export async function openBrowser(): Promise<Browser> {
  mkdirSync(screens, { recursive: true })
  const chrome = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: flags.split(' '),
    // As on every desktop: without a locale Chromium saves "Pläne.zip" as "download".
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  return {
    async open(options = {}) {
      const context = await chrome.newContext({ viewport: { width: 1440, height: 900 }, ...options })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('console', (message) => {
        // A refused request is an answer, and the page says so itself.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          complaints.push(message.text())
      })
      return {
        page,
        complaints,
        async picture(name) {
          await page.screenshot({ path: join(screens, `${name}.png`) })
        },
        async accessibility() {
          await page.evaluate(axe.source)
          const found = await page.evaluate(() =>
            (globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }).axe.run(),
          )
          return found.violations.flatMap(({ id, help, nodes }) =>
            nodes.map(({ target, failureSummary }) => `${id}: ${help} — ${target.join(' ')} ${failureSummary ?? ''}`),
          )
        },
      }
    },
    [Symbol.asyncDispose]: () => chrome.close(),
  }
}

interface Violation {
  id: string
  help: string
  nodes: { target: string[]; failureSummary?: string }[]
}

/** Signs in through the form. */
export async function signIn(page: Page, url: string, person: { email: string; password: string }): Promise<void> {
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('E-mail').fill(person.email)
  await page.getByLabel('Password').fill(person.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/files')
}
