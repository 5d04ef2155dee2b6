/** The access log: what is in it, who may read it, and how it is searched, exported and forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { login } from '../api/auth.ts'
import { type Act, type Event, exportEvents, listEvents, listMyEvents } from '../api/events.ts'
import { changeFile, removeFile, setTags } from '../api/files.ts'
import { createFolder } from '../api/folders.ts'
import { changeSettings } from '../api/settings.ts'
import { createShare } from '../api/shares.ts'
import { createToken } from '../api/tokens.ts'
import { addMember, createVault } from '../api/vaults.ts'
import { sweep } from '../jobs/sweep.ts'
import { openGuest } from '../testing/guest.ts'
import { refused } from '../testing/refused.ts'
import { startTest, type Test } from '../testing/start.ts'

test('everybody reads what they did; a vault is for its managers to read, the whole for administrators', async () => {
  await using t = await startTest()
  const { alice, bob, admin } = t
  const team = await alice.call(createVault, { body: { name: 'Team' } })
  await alice.call(addMember, { params: { vaultId: team.id }, body: { userId: bob.id, role: 'editor' } })
  await alice.put('hers.txt', 'hers', { vaultId: team.id })
  const file = await bob.put('his.txt', 'his', { vaultId: team.id })
  await alice.put('private.txt', 'private')
  for (const call of [listEvents, exportEvents]) await assert.rejects(alice.call(call, {}), refused(403))
  await assert.rejects(bob.call(listMyEvents, { query: { vaultId: alice.vaultId } }), refused(404))
  await assert.rejects(admin.call(listMyEvents, { query: { vaultId: team.id } }), refused(404))
  await assert.rejects(admin.call(listMyEvents, { query: { subjectId: file.id } }), refused(404))
  const uploads = async (query: object, who = bob) =>
    (await who.call(listMyEvents, { query: { act: 'upload', ...query } })).events.map(({ name }) => name).sort()
  assert.deepEqual(await uploads({}), ['his.txt'])
  assert.deepEqual(await uploads({ vaultId: team.id }), ['his.txt'])
  assert.deepEqual(await uploads({ vaultId: team.id }, alice), ['hers.txt', 'his.txt'])
  assert.deepEqual(await uploads({ userId: alice.id }), [])
  // What happened to a file may be seen by whoever sees the file; from where, only by managers.
  const seen = (await bob.call(listMyEvents, { query: { subjectId: file.id } })).events
  assert.deepEqual([seen.length, seen[0]?.address], [1, ''])
  const managed = (await alice.call(listMyEvents, { query: { subjectId: file.id } })).events
  assert.equal(managed[0]?.address, '127.0.0.1')
  const all = (await admin.call(listEvents, { query: { act: 'upload' } })).events
  assert.deepEqual(all.map(({ name }) => name).sort(), ['hers.txt', 'his.txt', 'private.txt'])
})

test('every act leaves its line: who, what, from where, how many bytes', async () => {
  await using t = await startTest()
  const { alice } = t
  await t.visitor.call(login, { body: { email: alice.email, password: alice.password } })
  await assert.rejects(t.visitor.call(login, { body: { email: alice.email, password: 'wrong' } }))
  const file = await alice.put('plan.txt', 'abc')
  const params = { id: file.id }
  await (await alice.get(file.id)).text()
  await (await alice.get(file.id, {}, '?inline=true')).text()
  await (await alice.get(file.id, { range: 'bytes=1-1' })).text()
  const folder = await alice.call(createFolder, { params: { vaultId: alice.vaultId }, body: { name: 'Plans' } })
  await alice.call(changeFile, { params, body: { name: 'plan 2.txt' } })
  await alice.call(changeFile, { params, body: { folderId: folder.id } })
  await alice.call(setTags, { params, body: { tags: ['x'] } })
  const share = await alice.call(createShare, { body: { fileId: file.id } })
  const guest = openGuest(t.url, share)
  await guest.get('')
  await (await guest.get('/download')).text()
  await alice.call(removeFile, { params })
  await alice.call(createToken, { body: { name: 'laptop', scopes: ['read'] } })
  await t.admin.call(changeSettings, { body: { keepTrashDays: 7 } })
  const lines = (await logged(t)).map(
    ({ act, who, name, bytes, address, shareId }) =>
      `${act} ${who || '-'} ${name}${bytes === null ? '' : ` ${bytes}`}${shareId ? ' by link' : ''} ${address}`,
  )
  for (const line of [
    'sign-in alice@example.org node 127.0.0.1',
    'sign-in-failed alice@example.org  127.0.0.1',
    'upload alice@example.org plan.txt 3 127.0.0.1',
    'download alice@example.org plan.txt 3 127.0.0.1',
    'view alice@example.org plan.txt 3 127.0.0.1',
    'download alice@example.org plan.txt 1 127.0.0.1',
    'create alice@example.org Plans 127.0.0.1',
    'rename alice@example.org plan 2.txt 127.0.0.1',
    'move alice@example.org plan 2.txt 127.0.0.1',
    'tag alice@example.org plan 2.txt 127.0.0.1',
    'share alice@example.org plan 2.txt 127.0.0.1',
    'view - plan 2.txt by link 127.0.0.1',
    'download - plan 2.txt 3 by link 127.0.0.1',
    'delete alice@example.org plan 2.txt 127.0.0.1',
    'token alice@example.org laptop 127.0.0.1',
    'settings admin@example.org keepTrashDays: 7 127.0.0.1',
  ])
    assert.ok(lines.includes(line), `${line}\nis not among\n${lines.join('\n')}`)
  // No secret is ever written down.
  assert.doesNotMatch(JSON.stringify(lines), /own password|fv_|argon2/)
})

test('lines are found by act, person, vault, thing, link and time, by pages that miss and repeat nothing', async () => {
  await using t = await startTest()
  for (let i = 0; i < 25; i++) await t.alice.put(`${i}.txt`, 'x')
  const middle = new Date(t.clock.now() + 1000).toISOString()
  t.clock.advance(60_000)
  for (let i = 0; i < 5; i++) await t.bob.put(`b${i}.txt`, 'x')
  const names: string[] = []
  let cursor: string | undefined
  do {
    const page = await t.admin.call(listEvents, { query: { act: 'upload', limit: 7, ...(cursor ? { cursor } : {}) } })
    names.push(...page.events.map(({ name }) => name))
    cursor = page.nextCursor ?? undefined
    assert.equal(page.hasMore, cursor !== undefined)
  } while (cursor)
  assert.equal(names.length, 30)
  assert.equal(new Set(names).size, 30)
  assert.equal(names[0], 'b4.txt')
  const count = async (query: object) =>
    (await t.admin.call(listEvents, { query: { act: 'upload' as Act, ...query } })).events.length
  assert.equal(await count({ userId: t.bob.id }), 5)
  assert.equal(await count({ vaultId: t.alice.vaultId }), 25)
  assert.equal(await count({ userId: 'nobody' }), 0)
  assert.equal(await count({ since: middle }), 5)
  assert.equal(await count({ until: middle }), 25)
  assert.equal(await count({ since: middle, until: middle }), 0)
  for (const query of [{ cursor: 'x' }, { since: 'yesterday-ish' }, { act: 'nap' }, { limit: 5000 }])
    await assert.rejects(t.admin.call(listEvents, { query: query as never }), refused(422))
})

test('the CSV opens in a spreadsheet and runs nothing there', async () => {
  await using t = await startTest()
  const name = '=HYPERLINK("x"),"y"\n.txt'.replace('\n', ' ')
  await t.alice.put(name.replaceAll('/', ''), 'x')
  const answer = await t.admin.call(exportEvents, { query: { act: 'upload' } })
  assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/)
  assert.match(answer.headers.get('content-disposition') ?? '', /attachment/)
  const text = await answer.text()
  assert.match(text, /^at,act,who,/)
  assert.match(text, /,"'=HYPERLINK\(""x""\),""y"" \.txt",/)
})

test('lines are kept as long as the settings say', async () => {
  await using t = await startTest()
  await t.alice.put('old.txt', 'x')
  await t.admin.call(changeSettings, { body: { keepEventDays: 30 } })
  t.clock.advance(29 * 86_400_000)
  await sweep(t.core, new AbortController().signal)
  assert.ok((await logged(t)).some(({ name }) => name === 'old.txt'))
  t.clock.advance(2 * 86_400_000)
  await t.alice.put('new.txt', 'x')
  await sweep(t.core, new AbortController().signal)
  const left = (await logged(t)).map(({ name }) => name)
  assert.deepEqual([left.includes('old.txt'), left.includes('new.txt')], [false, true])
})

async function logged(t: Test): Promise<Event[]> {
  return (await t.admin.call(listEvents, { query: { limit: 1000 } })).events
}
