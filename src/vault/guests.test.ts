/** Who comes in by a link, and what they are shown before and after. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { removeFile } from '../api/files.ts'
import { createFolder, removeFolder } from '../api/folders.ts'
import { changeShare, createShare, type GuestShare, removeShare, type Share } from '../api/shares.ts'
import { changeUser } from '../api/users.ts'
import { addMember, changeMember, createVault, removeMember } from '../api/vaults.ts'
import { type Guest, openGuest } from '../testing/guest.ts'
import type { Person } from '../testing/person.ts'
import { openMailbox } from '../testing/smtp.ts'
import { startTest } from '../testing/start.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const doors = ['', '/files', '/search?q=secret', '/download', '/download?path=secret.png', '/preview?path=secret.png']
const everyDoor = [...doors, '/thumbnail?path=secret.png', '/thumbnail?path=/&size=large', '/files?path=/inner']

test('before the password there is nothing: no name, size, picture or count, by any door', async () => {
  await using t = await startTest()
  const { folder, secret } = await tree(t.alice)
  await t.idle()
  for (const what of [{ folderId: folder }, { fileId: secret }]) {
    const share = await t.alice.call(createShare, { body: { ...what, password: 'open sesame' } })
    const guest = openGuest(t.url, share)
    for (const door of everyDoor) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await fetch(`${t.url}/api/public/shares/${share.shortCode}${door}`, {
          method,
          headers: { range: 'bytes=0-1' },
        })
        assert.equal(answer.status, 401, `${method} ${door}`)
        const said = (await answer.text()) + JSON.stringify([...answer.headers])
        assert.doesNotMatch(said, /secret|inner|Plans|alice|argon2|etag/i, `${method} ${door}`)
      }
    }
    assert.equal((await guest.put('x.txt', 'x')).status, 401)
    assert.equal((await guest.unlock({})).status, 401)
    const wrong = await guest.unlock({ password: 'open sesam' })
    assert.equal(wrong.status, 401)
    assert.equal(wrong.headers.getSetCookie().length, 0)
    // The page itself says nothing either.
    assert.doesNotMatch(await (await fetch(`${t.url}/s/${share.shortCode}`)).text(), /secret|Plans|alice/)

    assert.equal((await guest.unlock({ password: 'open sesame' })).status, 200)
    assert.match(await (await guest.get('')).text(), 'fileId' in what ? /secret\.png/ : /Plans/)
    assert.equal((await guest.get('/download')).status, 200)
    assert.doesNotMatch(await (await guest.get('')).text(), /argon2|alice|open sesame/)
  }
})

test('a visit is good for its own link alone, and a cookie that somebody brought along for none', async () => {
  await using t = await startTest()
  const { folder } = await tree(t.alice)
  const make = () => t.alice.call(createShare, { body: { folderId: folder, password: 'open sesame' } })
  const [one, other] = [openGuest(t.url, await make()), openGuest(t.url, await make())]
  await one.unlock({ password: 'open sesame' })
  assert.equal((await one.get('/files')).status, 200)
  const [name = '', value = ''] = one.cookie.split('=')
  for (const cookie of [one.cookie, `${name}=`, `${name}=chosen`, value]) {
    other.cookie = cookie
    assert.equal((await other.get('/files')).status, 401, cookie)
  }
  other.cookie = `${name}=chosen`
  await other.unlock({ password: 'open sesame' })
  assert.doesNotMatch(other.cookie, /chosen/)
  // Nor does a visit say who somebody is anywhere else.
  assert.equal((await fetch(`${t.url}/api/auth/me`, { headers: { cookie: one.cookie } })).status, 401)
})

test('unknown, expired, revoked and stopped links are one and the same', async () => {
  await using t = await startTest()
  const { folder } = await tree(t.alice)
  const links = await Promise.all(
    Array.from({ length: 3 }, () => t.alice.call(createShare, { body: { folderId: folder } })),
  )
  const [revoked, remade, stopped] = links as [Share, Share, Share]
  const expiring = await t.alice.call(createShare, {
    body: { folderId: folder, expiresAt: new Date(t.clock.now() + 60_000).toISOString() },
  })
  assert.equal((await openGuest(t.url, expiring).get('')).status, 200)
  await t.alice.call(removeShare, { params: { id: revoked.id } })
  const again = await t.alice.call(changeShare, { params: { id: remade.id }, body: { newCode: true } })
  assert.equal((await openGuest(t.url, again).get('')).status, 200)
  t.clock.advance(61_000)
  const answers = new Set<string>()
  const never = { shortCode: '0123456789abcdefghjkmnpqrs' }
  for (const link of [revoked, remade, expiring, never, { shortCode: 'x' }]) {
    const answer = await openGuest(t.url, link).get('')
    assert.equal(answer.status, 404)
    answers.add(`${answer.status} ${await answer.text()}`)
  }
  assert.equal(answers.size, 1)
  assert.equal((await openGuest(t.url, stopped).get('')).status, 200)
  await t.admin.call(changeUser, { params: { id: t.alice.id }, body: { disabled: true } })
  assert.equal((await openGuest(t.url, stopped).get('')).status, 404)
})

test('whoever is inside is outside with the next request when the link, its maker or the thing changes', async () => {
  await using t = await startTest()
  const team = await t.alice.call(createVault, { body: { name: 'Team' } })
  const params = { vaultId: team.id }
  await t.alice.call(addMember, { params, body: { userId: t.bob.id, role: 'editor' } })
  const inside = async (maker: Person): Promise<{ guest: Guest; share: Share; folder: string }> => {
    const { folder } = await tree(t.alice, team.id)
    const share = await maker.call(createShare, { body: { folderId: folder, password: 'open sesame' } })
    const guest = openGuest(t.url, share)
    assert.equal((await guest.unlock({ password: 'open sesame' })).status, 200)
    return { guest, share, folder }
  }
  const changes: [number, (one: { share: Share; folder: string }) => Promise<unknown>][] = [
    [401, ({ share }) => t.bob.call(changeShare, { params: { id: share.id }, body: { password: 'another one' } })],
    [
      401,
      ({ share }) =>
        t.bob.call(changeShare, { params: { id: share.id }, body: { expiresAt: '2099-01-01T00:00:00.000Z' } }),
    ],
    [404, ({ share }) => t.bob.call(removeShare, { params: { id: share.id } })],
    [404, ({ share }) => t.alice.call(removeShare, { params: { id: share.id } })], // a manager
    [404, ({ folder }) => t.alice.call(removeFolder, { params: { id: folder } })],
    [404, () => t.admin.call(changeUser, { params: { id: t.bob.id }, body: { disabled: true } })],
  ]
  for (const [status, change] of changes) {
    const one = await inside(t.bob)
    assert.equal((await one.guest.get('/files')).status, 200)
    await change(one)
    for (const door of ['', '/files', '/download'])
      assert.equal((await one.guest.get(door)).status, status, `${door} after ${change}`)
  }
  await t.admin.call(changeUser, { params: { id: t.bob.id }, body: { disabled: false } })
  const { guest } = await inside(t.bob)
  await t.alice.call(removeMember, { params: { ...params, userId: t.bob.id } })
  assert.equal((await guest.get('/files')).status, 404)
})

test('a file that took the name of a shared one is not behind its link', async () => {
  await using t = await startTest()
  const file = await t.alice.put('plan.txt', 'first')
  const guest = openGuest(t.url, await t.alice.call(createShare, { body: { fileId: file.id } }))
  assert.equal(await (await guest.get('/download')).text(), 'first')
  await t.alice.call(removeFile, { params: { id: file.id } })
  await t.alice.put('plan.txt', 'second')
  assert.equal((await guest.get('/download')).status, 404)
})

test('behind a link there is what is shared and what lies in it, by no way anything else', async () => {
  await using t = await startTest()
  const { folder, secret } = await tree(t.alice)
  await t.alice.put('outside.txt', 'outside')
  await t.alice.put('beside.txt', 'beside', { path: 'Plans2' })
  const gone = await t.alice.put('gone.txt', 'gone', { path: 'Plans' })
  await t.alice.call(removeFile, { params: { id: gone.id } })
  const inFolder = openGuest(t.url, await t.alice.call(createShare, { body: { folderId: folder, permission: 'edit' } }))
  const ofFile = openGuest(t.url, await t.alice.call(createShare, { body: { fileId: secret } }))
  const tricks = [
    '../outside.txt',
    '..%2Foutside.txt',
    '%2e%2e/outside.txt',
    '/../outside.txt',
    'inner/../../outside.txt',
    '..\\outside.txt',
    '/outside.txt',
    'outside.txt',
    '../Plans2/beside.txt',
    '2/beside.txt',
    'gone.txt',
    secret,
    '%00',
    'secret.png%00.txt',
    'a/'.repeat(3000),
  ]
  for (const path of tricks) {
    for (const door of ['download', 'preview', 'thumbnail', 'files'])
      assert.equal((await inFolder.get(`/${door}?path=${path}`)).status, 404, `${door} ${path.slice(0, 80)}`)
    assert.equal((await ofFile.get(`/download?path=${path}`)).status, 404, path.slice(0, 80))
  }
  assert.equal((await ofFile.get('/files')).status, 404)
  assert.equal((await ofFile.get('/search?q=outside')).status, 404)
  assert.equal((await ofFile.put('x.txt', 'x')).status, 404)
  for (const path of ['../stolen.txt', '%2e%2e%2fstolen.txt', 'inner/%2e%2e/%2e%2e/stolen.txt', 'a%00b.txt'])
    assert.ok([404, 422].includes((await inFolder.put(path, 'x')).status), path)
  const { files, folders } = await inFolder.json<{ files: { path: string }[]; folders: { path: string }[] }>('/files')
  assert.deepEqual(files.map(({ path }) => path).sort(), ['/plan.txt', '/secret.png'])
  assert.deepEqual(
    folders.map(({ path }) => path),
    ['/inner'],
  )
  for (const q of ['outside', 'beside', 'gone', 'alice'])
    assert.equal((await inFolder.json<{ total: number }>(`/search?q=${q}`)).total, 0, q)
  const found = await inFolder.json<{ files: { path: string }[] }>('/search?q=DEEP')
  assert.deepEqual(
    found.files.map(({ path }) => path),
    ['/inner/deep.txt'],
  )
  // No answer says where in the vault all this lies, or whose it is.
  for (const door of ['', '/files', '/search?q=deep'])
    assert.doesNotMatch(await (await inFolder.get(door)).text(), /alice|Plans\/|ownerId|vaultId|folderId/)
})

test('a link for looking shows and does not hand out; one for downloads takes nothing in', async () => {
  await using t = await startTest()
  const { folder } = await tree(t.alice)
  await t.alice.put('notes.bin', Buffer.from([0, 1, 2, 255]), { path: 'Plans' })
  await t.idle()
  const look = openGuest(t.url, await t.alice.call(createShare, { body: { folderId: folder, permission: 'view' } }))
  for (const door of ['/download', '/download?path=plan.txt', '/download?path=inner', '/preview?path=notes.bin'])
    for (const headers of [{}, { range: 'bytes=0-0' }] as Record<string, string>[])
      assert.equal((await look.get(door, headers)).status, 403, door)
  const shown = await look.get('/preview?path=plan.txt')
  assert.equal(await shown.text(), 'the plan')
  assert.match(shown.headers.get('content-disposition') ?? '', /^inline/)
  assert.equal((await look.get('/thumbnail?path=secret.png')).headers.get('content-type'), 'image/webp')
  const take = openGuest(t.url, await t.alice.call(createShare, { body: { folderId: folder } }))
  for (const guest of [look, take]) assert.equal((await guest.put('x.txt', 'x')).status, 403)
  assert.equal(await (await take.get('/download?path=inner/deep.txt')).text(), 'deep')
  const zip = await take.get('/download')
  assert.equal(zip.headers.get('content-type'), 'application/zip')
  assert.match(zip.headers.get('content-disposition') ?? '', /Plans\.zip/)
})

test('guests put files where they may, over nothing, within the quota, under their address', async () => {
  await using t = await startTest()
  const { folder } = await tree(t.alice)
  const share = await t.alice.call(createShare, { body: { folderId: folder, permission: 'edit', requireEmail: true } })
  const guest = openGuest(t.url, share)
  assert.equal((await guest.put('x.txt', 'x')).status, 401)
  assert.equal((await guest.unlock({ email: 'not an address' })).status, 422)
  assert.equal((await guest.unlock({ email: 'Carol@Example.org' })).status, 200)
  assert.equal((await guest.json<GuestShare>('')).email, 'carol@example.org')
  assert.equal((await guest.put('bid.txt', 'my bid')).status, 201)
  const again = (await (await guest.put('plan.txt', 'not the plan')).json()) as { path: string }
  assert.equal(again.path, '/plan (2).txt')
  assert.equal(await (await guest.get('/download?path=plan.txt')).text(), 'the plan')
  assert.equal((await guest.put('inner/bid.txt', 'my bid')).status, 201)
  assert.equal((await guest.put('Offers/2026/offer.txt', 'my offer')).status, 201)
  assert.equal(await (await guest.get('/download?path=/offers/2026/offer.txt')).text(), 'my offer')
  const { events } = (await (
    await fetch(`${t.url}/api/events?vaultId=${t.alice.vaultId}&act=upload`, {
      headers: { authorization: `Bearer ${t.alice.token}` },
    })
  ).json()) as { events: { who: string; shareId: string | null; name: string; userId: string | null }[] }
  assert.deepEqual(
    events
      .filter(({ shareId }) => shareId === share.id)
      .map(({ who, name, userId }) => [who, name, userId])
      .sort(),
    [
      ['carol@example.org', 'bid.txt', null],
      ['carol@example.org', 'bid.txt', null],
      ['carol@example.org', 'offer.txt', null],
      ['carol@example.org', 'plan (2).txt', null],
    ],
  )
  await t.admin.call(changeUser, { params: { id: t.alice.id }, body: { quotaBytes: 1000 } })
  assert.equal((await guest.put('large.bin', 'x'.repeat(2000))).status, 413)
  // As much as the maker may now, and no more.
  const team = await t.alice.call(createVault, { body: { name: 'Team' } })
  await t.alice.call(addMember, { params: { vaultId: team.id }, body: { userId: t.bob.id, role: 'editor' } })
  const made = await t.alice.call(createFolder, { params: { vaultId: team.id }, body: { name: 'Drop' } })
  const drop = openGuest(t.url, await t.bob.call(createShare, { body: { folderId: made.id, permission: 'edit' } }))
  assert.equal((await drop.put('a.txt', 'a')).status, 201)
  await t.alice.call(changeMember, { params: { vaultId: team.id, userId: t.bob.id }, body: { role: 'viewer' } })
  assert.equal((await drop.put('b.txt', 'b')).status, 403)
  assert.equal((await drop.get('/files')).status, 200)
})

test('an address is proved by a code that was mailed: once, for ten minutes, for that link, in five tries', async () => {
  await using mailbox = await openMailbox()
  await using t = await startTest({ env: mailbox.env })
  const { folder } = await tree(t.alice)
  const make = () =>
    t.alice.call(createShare, { body: { folderId: folder, allowedEmails: ['carol@example.org', 'dan@example.org'] } })
  const [share, other] = [await make(), await make()]
  const guest = openGuest(t.url, share)
  const listed = await guest.unlock({ email: 'carol@example.org' })
  const unlisted = await guest.unlock({ email: 'mallory@example.org' })
  const said = async (answer: Response, email: string) => (await answer.text()).replaceAll(email, 'EMAIL')
  assert.equal(listed.status, 401)
  assert.equal(await said(listed, 'carol@example.org'), await said(unlisted, 'mallory@example.org'))
  const letter = await mailbox.next(0)
  assert.equal(letter.to, 'carol@example.org')
  const code = /code is (\d{8})/.exec(letter.text)?.[1] ?? ''
  assert.equal((await guest.unlock({ email: 'carol@example.org' })).status, 429) // no flood of letters
  for (const [at, proof] of [
    [guest, { email: 'dan@example.org', code }],
    [guest, { email: 'mallory@example.org', code }],
    [openGuest(t.url, other), { email: 'carol@example.org', code }],
  ] as const)
    assert.equal((await at.unlock(proof)).status, 401)
  assert.equal((await guest.unlock({ email: 'carol@example.org', code })).status, 200)
  assert.equal((await guest.get('/files')).status, 200)
  assert.equal((await openGuest(t.url, share).unlock({ email: 'carol@example.org', code })).status, 401)

  t.clock.advance(61_000)
  const second = openGuest(t.url, share)
  await second.unlock({ email: 'dan@example.org' })
  const next = /code is (\d{8})/.exec((await mailbox.next(1)).text)?.[1] ?? ''
  t.clock.advance(10 * 60_000)
  assert.equal((await second.unlock({ email: 'dan@example.org', code: next })).status, 401)
  await second.unlock({ email: 'dan@example.org' })
  const third = /code is (\d{8})/.exec((await mailbox.next(2)).text)?.[1] ?? ''
  const wrong = third === '00000000' ? '00000001' : '00000000'
  for (let i = 0; i < 5; i++) {
    t.clock.advance(31_000) // past the wait for whoever fails
    assert.equal((await second.unlock({ email: 'dan@example.org', code: wrong })).status, 401)
  }
  t.clock.advance(31_000)
  assert.equal((await second.unlock({ email: 'dan@example.org', code: third })).status, 401)
  assert.equal(mailbox.letters.length, 3) // never one to whom no link is for
})

test('without a mail server an address is taken as it is said, and one that is not listed is refused', async () => {
  await using t = await startTest()
  const { folder } = await tree(t.alice)
  const share = await t.alice.call(createShare, { body: { folderId: folder, allowedEmails: [' Carol@example.org'] } })
  const guest = openGuest(t.url, share)
  assert.deepEqual(share.allowedEmails, ['carol@example.org'])
  assert.equal((await guest.unlock({ email: 'mallory@example.org' })).status, 401)
  assert.equal((await guest.unlock({ email: 'CAROL@example.org' })).status, 200)
})

test('guessing a password or codes slows down, for the one who guesses alone', async () => {
  await using t = await startTest({ env: { FILEVAULT_SERVER_TRUSTED_PROXIES: '127.0.0.1' } })
  const { folder } = await tree(t.alice)
  const share = await t.alice.call(createShare, { body: { folderId: folder, password: 'open sesame' } })
  const guesser = openGuest(t.url, share, '203.0.113.7')
  for (let i = 0; i < 5; i++) assert.equal((await guesser.unlock({ password: `guess ${i}` })).status, 401)
  const slowed = await guesser.unlock({ password: 'open sesame' })
  assert.equal(slowed.status, 429)
  assert.ok(Number(slowed.headers.get('retry-after')) >= 1)
  assert.equal((await openGuest(t.url, share, '198.51.100.1').unlock({ password: 'open sesame' })).status, 200)
  const statuses = new Map<number, number>()
  for (let i = 0; i < 150; i++) {
    const shortCode = `${i}`.padStart(26, '0')
    const { status } = await openGuest(t.url, { shortCode }, '203.0.113.9').get('')
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  assert.ok((statuses.get(429) ?? 0) > 40, JSON.stringify([...statuses]))
  assert.equal(statuses.size, 2)
})

test('what is public asks for nothing and is listed; what is not, is not', async () => {
  await using t = await startTest()
  const { folder, secret } = await tree(t.alice)
  const open = await t.alice.call(createShare, { body: { folderId: folder, public: true, permission: 'view' } })
  await t.alice.call(createShare, { body: { fileId: secret } })
  const list = async () =>
    ((await (await fetch(`${t.url}/api/public/folders`)).json()) as { folders: { shortCode: string }[] }).folders
  assert.deepEqual(
    (await list()).map(({ shortCode }) => shortCode),
    [open.shortCode],
  )
  assert.equal((await openGuest(t.url, open).get('/files')).status, 200)
  await t.alice.call(removeFolder, { params: { id: folder } })
  assert.deepEqual(await list(), [])
})

/** `Plans` with `plan.txt`, `secret.png` and `inner/deep.txt`. */
async function tree(person: Person, vaultId = person.vaultId): Promise<{ folder: string; secret: string }> {
  const name = vaultId === person.vaultId ? 'Plans' : `Plans ${++trees}`
  const put = (file: string, content: string | Uint8Array, path: string) => person.put(file, content, { vaultId, path })
  await put('plan.txt', 'the plan', name)
  const { id: secret, folderId } = await put('secret.png', new Uint8Array(png), name)
  await put('deep.txt', 'deep', `${name}/inner`)
  return { folder: folderId ?? '', secret }
}
let trees = 0
