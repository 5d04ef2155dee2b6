/** Receipts: who fetched or dropped what through a link, told to its maker. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createFolder } from '../api/folders.ts'
import { changeSettings } from '../api/settings.ts'
import { changeShare, createShare } from '../api/shares.ts'
import { openGuest } from '../testing/guest.ts'
import { refused } from '../testing/refused.ts'
import { openMailbox } from '../testing/smtp.ts'
import { startTest, type Test } from '../testing/start.ts'

test('the maker is told in one letter what was downloaded and put in, and nothing when that is not wished', async () => {
  await using mailbox = await openMailbox()
  await using t = await startTest({ env: mailbox.env })
  const { folder, quiet, told } = await links(t)
  for (const share of [quiet, told]) {
    const guest = openGuest(t.url, share)
    await guest.get('')
    await (await guest.get('/download?path=plan.txt')).text()
    await guest.put('bid.txt', 'my bid')
  }
  await later(t)
  const letter = await mailbox.next(0)
  assert.equal(letter.to, t.alice.email)
  assert.match(letter.text, /downloaded "plan\.txt", 8 bytes/)
  assert.match(letter.text, /put in "bid \(2\)\.txt", 6 bytes/)
  assert.equal(mailbox.letters.length, 1)
  // What was told is not told again.
  await (await openGuest(t.url, told).get('/download?path=bid.txt')).text()
  await later(t)
  const next = await mailbox.next(1)
  assert.doesNotMatch(next.text, /plan\.txt/)
  await t.alice.call(changeShare, { params: { id: told.id }, body: { notify: false } })
  await (await openGuest(t.url, told).get('/download?path=bid.txt')).text()
  await later(t)
  assert.equal(mailbox.letters.length, 2)
  assert.ok(folder)
})

test('another program is told where the settings name one, and again when it was away', async () => {
  await using t = await startTest()
  const told: { events: { act: string; name: string }[] }[] = []
  let away = true
  const server = createServer((request, answer) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      if (!away) told.push(JSON.parse(body))
      answer.writeHead(away ? 503 : 204).end()
    })
  })
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  await assert.rejects(t.admin.call(changeSettings, { body: { receiptWebhook: 'file:///etc/passwd' } }), refused(422))
  await t.admin.call(changeSettings, { body: { receiptWebhook: url } })
  const share = (await links(t)).told
  await (await openGuest(t.url, share).get('/download?path=plan.txt')).text()
  await later(t)
  away = false
  await later(t)
  assert.deepEqual(
    told.map(({ events }) => events.map(({ act, name }) => `${act} ${name}`)),
    [['download plan.txt']],
  )
  server.close()
})

async function links(t: Test) {
  const { id: folder } = await t.alice.call(createFolder, {
    params: { vaultId: t.alice.vaultId },
    body: { name: 'Plans' },
  })
  await t.alice.put('plan.txt', 'the plan', { folderId: folder })
  const body = { folderId: folder, permission: 'edit' } as const
  return {
    folder,
    quiet: await t.alice.call(createShare, { body }),
    told: await t.alice.call(createShare, { body: { ...body, notify: true } }),
  }
}

async function later(t: Test): Promise<void> {
  t.clock.advance(61_000)
  await t.idle()
}
