/** The settings that everybody sees something of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeSettings, getBrand, getLogo, getSettings, removeLogo, setLogo } from '../api/settings.ts'
import { createShare } from '../api/shares.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

const png = new Uint8Array(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
)

test('the name and logo stand above what guests see; a drawing with script in it is no logo', async () => {
  await using t = await startTest({ page: true })
  assert.deepEqual(await t.visitor.call(getBrand, {}), { name: 'File Vault', logo: null })
  await assert.rejects(t.visitor.call(getLogo, {}), refused(404))
  await t.admin.call(changeSettings, { body: { brandName: 'Möller & <b>Sons</b>' } })
  await t.admin.call(setLogo, { body: png })
  assert.deepEqual(await t.visitor.call(getBrand, {}), { name: 'Möller & <b>Sons</b>', logo: '/api/brand/logo' })
  const logo = await t.visitor.call(getLogo, {})
  assert.equal(logo.headers.get('content-type'), 'image/png')
  assert.deepEqual(new Uint8Array(await logo.arrayBuffer()), png)
  const page = await (await fetch(`${t.url}/s/whatever`)).text()
  assert.match(page, /Möller &amp; &lt;b&gt;Sons&lt;\/b&gt;/)
  const drawing = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
  for (const wrong of [new TextEncoder().encode(drawing), new Uint8Array(0)])
    await assert.rejects(t.admin.call(setLogo, { body: wrong }), refused(422))
  await assert.rejects(t.admin.call(setLogo, { body: new Uint8Array(300_000) }), refused(413))
  await t.admin.call(removeLogo, {})
  assert.equal((await t.visitor.call(getBrand, {})).logo, null)
})

test('what makes no sense is refused, and the rest stays as it was', async () => {
  await using t = await startTest()
  const before = await t.admin.call(getSettings, {})
  for (const body of [{ brandName: ' ' }, { signInAttempts: 0 }, { keepEventDays: 1.5 }, { guestRequests: 1 }])
    await assert.rejects(t.admin.call(changeSettings, { body }), refused(422))
  assert.deepEqual(await t.admin.call(getSettings, {}), before)
})

test('guests may ask so often from one address, and then wait', async () => {
  await using t = await startTest()
  await t.admin.call(changeSettings, { body: { guestRequests: 20, signInWindow: 1 } })
  const share = await t.alice.put('a.txt', 'a')
  const { shortCode } = await t.alice.call(createShare, { body: { fileId: share.id } })
  const ask = async () => (await fetch(`${t.url}/api/public/shares/${shortCode}`)).status
  const statuses = await Promise.all(Array.from({ length: 25 }, ask))
  assert.equal(statuses.filter((status) => status === 200).length, 20)
  assert.equal(statuses.filter((status) => status === 429).length, 5)
  assert.equal((await t.alice.get(share.id)).status, 200) // members are not counted
  t.clock.advance(61_000)
  assert.equal(await ask(), 200)
})
