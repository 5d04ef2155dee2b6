/** Events over a WebSocket: who may listen, that nothing is missed, and how it ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { listSessions, removeSession } from '../api/auth.ts'
import { client } from '../api/client.ts'
import { changeFile, removeFile, restoreFile } from '../api/files.ts'
import { createFolder, removeFolder } from '../api/folders.ts'
import { createToken, removeToken } from '../api/tokens.ts'
import { createUpload } from '../api/uploads.ts'
import { changeUser } from '../api/users.ts'
import { addMember, createVault, removeMember } from '../api/vaults.ts'
import { type Listener, openListener } from '../testing/listener.ts'
import type { Person } from '../testing/person.ts'
import { startTest, type Test } from '../testing/start.ts'

const by = ({ token }: { token: string }) => ({ authorization: `Bearer ${token}` })
const is = (type: string) => (event: { type: string }) => event.type === type

async function signIn(t: Test, { email, password }: Person): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ email, password })
  const answer = await fetch(`${t.url}/api/auth/login`, { method: 'POST', headers, body })
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

async function team(t: Test): Promise<string> {
  const { id } = await t.alice.call(createVault, { body: { name: 'Team' } })
  await t.alice.call(addMember, { params: { vaultId: id }, body: { userId: t.bob.id, role: 'viewer' } })
  return id
}

test('members alone may listen, from our own pages or with a token', async () => {
  await using t = await startTest()
  const { alice, bob, admin } = t
  const vaultId = await team(t)
  const refused = async (
    status: number,
    headers: Record<string, string>,
    options: { vault?: string; since?: string } = {},
  ) => {
    const { vault = vaultId, ...rest } = options
    await assert.rejects(openListener(t.url, vault, { headers, ...rest }), { message: `refused ${status}` })
  }
  const stranger = await t.person('stranger')
  await refused(401, {})
  await refused(401, { authorization: 'Bearer fv_x' })
  await refused(401, { cookie: 'filevault=made-up' })
  await refused(404, by(stranger))
  await refused(404, by(admin))
  await refused(404, by(alice), { vault: bob.vaultId })
  await refused(404, by(alice), { vault: 'nothing' })
  const { token } = await alice.call(createToken, { body: { name: 'x', scopes: ['read'], vaultId: alice.vaultId } })
  await refused(404, by({ token }))
  for (const since of ['yesterday', '-1', '5b~1', '1.5']) await refused(422, by(alice), { since })

  const cookie = await signIn(t, bob)
  const { host } = new URL(t.url)
  await refused(403, { cookie, origin: 'https://evil.example' })
  await refused(403, { cookie, origin: 'null' })
  await refused(403, { cookie, origin: `http://${host}.evil.example` })
  await refused(403, { cookie, origin: `http://${host}`, 'sec-fetch-site': 'same-site' })
  const welcome: Record<string, string>[] = [{ cookie, origin: `http://${host}` }, { cookie }, by(alice), by(bob)]
  for (const headers of welcome) {
    const listener = await openListener(t.url, vaultId, { headers })
    assert.equal((await listener.until(is('sync_status'))).type, 'sync_status')
    await listener.until(is('sync_completed'))
    await listener.close()
  }
  const plain = await fetch(`${t.url}/ws/vaults/${vaultId}`, { headers: by(alice) })
  assert.equal(plain.status, 426)
  assert.equal(plain.headers.get('upgrade'), 'websocket')
})

test('what happens in the vault is told in order, and of no other vault', async () => {
  await using t = await startTest()
  const { alice, bob } = t
  const vaultId = await team(t)
  const listener = await openListener(t.url, vaultId, { headers: by(bob) })
  await listener.until(is('sync_completed'))
  await alice.put('elsewhere.txt', 'x')
  const file = await alice.put('a.txt', 'a', { vaultId })
  const params = { id: file.id }
  await listener.until(is('file_created'))
  await alice.call(changeFile, { params, body: { name: 'b.txt' } })
  await alice.call(removeFile, { params })
  await alice.call(restoreFile, { params })
  await alice.call(removeFile, { params })
  await alice.call(removeFile, { params, query: { permanently: true } })
  const folder = await alice.call(createFolder, { params: { vaultId }, body: { name: 'Folder' } })
  await alice.call(removeFolder, { params: { id: folder.id } })
  await listener.until(is('folder_deleted'))
  assert.deepEqual(
    listener.changes().map(({ type, change }) => (type === change ? type : `${type} (${change})`)),
    [
      'file_created',
      'file_updated',
      'file_deleted',
      'file_created (file_restored)',
      'file_deleted',
      'file_deleted (file_removed)',
      'folder_created',
      'folder_deleted',
    ],
  )
  const seqs = listener.changes().map(({ seq }) => seq)
  assert.deepEqual(
    seqs,
    seqs.map((_, i) => (seqs[0] ?? 0) + i),
  )
  const [created] = listener.changes()
  assert.ok(created?.type === 'file_created' && created.id === file.id)
  assert.equal(created.file?.path, '/a.txt')
  await listener.close()
})

test('nothing is missed and nothing comes twice, however often a client goes away and comes back', async (c) => {
  await using t = await startTest()
  const { alice } = t
  const { vaultId } = alice
  const seen: number[] = []
  let since = 0
  let rounds = 0
  let isWriting = true
  const writing = (async () => {
    for (let n = 0; n < 50; n++)
      await Promise.all(Array.from({ length: 10 }, (_, i) => alice.put(`${n}-${i}.txt`, 'x')))
    isWriting = false
  })()
  const newest = () =>
    (t.core.index.read.get(sql<{ seq: number }>`SELECT seq FROM vault WHERE id = ${vaultId}`)?.seq ?? 0) as number
  while (isWriting || since < newest()) {
    const listener: Listener = await openListener(t.url, vaultId, { since, headers: by(alice) })
    await new Promise((resolve) => setTimeout(resolve, 20 + (rounds++ % 5) * 40))
    // As when the line breaks: what is under way is lost.
    listener.socket.terminate()
    await listener.closed
    seen.push(...listener.changes().map(({ seq }) => seq))
    since = seen.at(-1) ?? since
  }
  await writing
  assert.deepEqual(
    seen,
    Array.from({ length: newest() }, (_, i) => i + 1),
  )
  assert.ok(rounds > 3 && seen.length >= 500)
  c.diagnostic(`${seen.length} changes over ${rounds} connections`)
  const late = await openListener(t.url, vaultId, { since: 0, headers: by(alice) })
  await late.until(is('sync_completed'))
  assert.equal(late.changes().length, newest())
  const status = late.events[0]
  assert.ok(status?.type === 'sync_status' && status.behind === newest() && !status.reset)
  await late.close()
})

test('who may not listen any more is sent away at once', async () => {
  await using t = await startTest()
  const { alice, bob, admin } = t
  const vaultId = await team(t)
  const cookie = await signIn(t, bob)
  const { id: tokenId, token } = await bob.call(createToken, { body: { name: 'x', scopes: ['read'] } })
  const open = async (headers: Record<string, string>) => {
    const listener = await openListener(t.url, vaultId, { headers })
    await listener.until(is('sync_completed'))
    return listener
  }
  const endsWith = async (listener: Listener, code: number, act: () => Promise<unknown>) => {
    await act()
    const began = performance.now()
    assert.equal((await listener.closed).code, code)
    assert.ok(performance.now() - began < 1500)
  }
  const kept = await open(by(alice))

  const inBrowser = await open({ cookie })
  const browser = client({ origin: t.url, headers: { cookie } })
  const { sessions } = await browser.call(listSessions, {})
  await endsWith(inBrowser, 4401, () => bob.call(removeSession, { params: { id: sessions[0]?.id ?? '' } }))
  const withToken = await open(by({ token }))
  await endsWith(withToken, 4401, () => bob.call(removeToken, { params: { id: tokenId } }))
  const member = await open(by(bob))
  await endsWith(member, 4403, async () => {
    await alice.call(removeMember, { params: { vaultId, userId: bob.id } })
    await alice.put('after.txt', 'x', { vaultId })
  })
  assert.ok(!member.changes().some(({ type }) => type === 'file_created'), 'Nothing of what came after.')
  await alice.call(addMember, { params: { vaultId }, body: { userId: bob.id, role: 'viewer' } })
  const disabled = await open(by(bob))
  await endsWith(disabled, 4401, () => admin.call(changeUser, { params: { id: bob.id }, body: { disabled: true } }))
  // A session that nothing was asked with for too long ends for its sockets too.
  const idle = await open({ cookie: await signIn(t, alice) })
  await endsWith(idle, 4401, async () => t.clock.advance(13 * 3_600_000))
  assert.equal(kept.socket.readyState, kept.socket.OPEN)
  await kept.close()
})

test('who does not read is told to come back, and keeps nobody else waiting', async () => {
  await using t = await startTest({ live: { patienceMs: 300 } })
  const { alice, core } = t
  const { vaultId } = alice
  const file = await alice.put('a.txt', 'a')
  const { seq, no } = core.index.read.get(
    sql<{ seq: number; no: number }>`SELECT seq, no FROM vault WHERE id = ${vaultId}`,
  ) ?? { seq: 0, no: 0 }
  const many = 25_000
  await core.index.write((tx) => {
    tx.run(sql`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${many})
      INSERT INTO change (vault_no, seq, kind, subject_id, at)
      SELECT ${no}, CAST(${seq} + i AS INTEGER), 'file_updated', ${file.id}, ${t.clock.now()} FROM n`)
    tx.run(sql`UPDATE vault SET seq = seq + ${many} WHERE no = ${no}`)
  })
  const slow = await openListener(t.url, vaultId, { since: 0, headers: by(alice) })
  slow.socket.pause()
  const quick = await openListener(t.url, vaultId, { since: 0, headers: by(alice) })
  await quick.until(is('sync_completed'))
  assert.equal(quick.changes().length, seq + many)
  await new Promise((resolve) => setTimeout(resolve, 2500))
  slow.socket.resume()
  const { code } = await slow.closed
  assert.ok([1006, 1013].includes(code), `${code}`) // the farewell itself may not get through
  const got = slow.changes().map(({ seq: one }) => one)
  assert.ok(got.length < seq + many)
  const again = await openListener(t.url, vaultId, { since: got.at(-1) ?? 0, headers: by(alice) })
  await again.until(is('sync_completed'))
  assert.equal(got.length + again.changes().length, seq + many)
  await Promise.all([quick.close(), again.close()])
})

test('a client that does not answer pings is gone; one whose place is lost is told so; uploads tell how they get on', async () => {
  await using t = await startTest({ live: { pingMs: 150 } })
  const { alice } = t
  const { vaultId } = alice
  const lost = await openListener(t.url, vaultId, { since: 999_999, headers: by(alice) })
  const status = await lost.until(is('sync_status'))
  assert.ok(status.type === 'sync_status' && status.reset && status.behind === 0)
  const { id } = await alice.call(createUpload, { params: { vaultId }, body: { path: 'Big/one.bin', size: 5 } })
  const progress = await lost.until(is('transfer_progress'))
  assert.deepEqual(progress, {
    type: 'transfer_progress',
    uploadId: id,
    path: '/Big/one.bin',
    receivedBytes: 0,
    size: 5,
  })
  assert.equal(lost.socket.readyState, lost.socket.OPEN)
  lost.socket.pong = () => {}
  lost.socket.pause()
  await new Promise((resolve) => setTimeout(resolve, 600))
  lost.socket.resume()
  assert.equal((await lost.closed).code, 1006)
})

test('at the end of the server everybody is told to come back', async () => {
  const t = await startTest()
  const listeners = await Promise.all(
    [t.alice, t.bob].map((who) => openListener(t.url, who.vaultId, { headers: by(who) })),
  )
  const began = performance.now()
  await t[Symbol.asyncDispose]()
  for (const { closed } of listeners) assert.equal((await closed).code, 1001)
  assert.ok(performance.now() - began < 5000)
})
