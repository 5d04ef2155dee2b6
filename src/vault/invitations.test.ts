/** Links by which people choose their password, and what a good one is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changePassword, getMe, listSessions, login } from '../api/auth.ts'
import { client } from '../api/client.ts'
import {
  acceptInvitation,
  changeUser,
  createUser,
  endSessions,
  forgotPassword,
  getInvitation,
  type Invitation,
  inviteUser,
} from '../api/users.ts'
import { refused } from '../testing/refused.ts'
import { openMailbox } from '../testing/smtp.ts'
import { startTest, type Test } from '../testing/start.ts'

const good = 'three small green boats'

test('only administrators invite, and a link is good once, for a week, until a newer one is made', async () => {
  await using t = await startTest()
  const params = { id: t.bob.id }
  await assert.rejects(t.alice.call(inviteUser, { params }), refused(403))
  await assert.rejects(t.visitor.call(inviteUser, { params }), refused(401))
  await assert.rejects(t.admin.call(inviteUser, { params: { id: 'nobody' } }), refused(404))
  const made = await t.admin.call(createUser, { body: { email: 'Carol@example.org', name: 'Carol', invite: true } })
  assert.equal(made.password, undefined)
  const code = codeOf(made.invitation)
  assert.deepEqual(await t.visitor.call(getInvitation, { params: { code } }), {
    email: 'Carol@example.org',
    name: 'Carol',
    isNew: true,
  })
  await assert.rejects(accept(t, code, 'short'), refused(422))
  await assert.rejects(accept(t, code, 'password1234'), refused(422)) // and the link is still good
  const newer = codeOf(await t.admin.call(inviteUser, { params: { id: made.id } }))
  await assert.rejects(accept(t, code, good), refused(404))
  assert.equal((await accept(t, newer, good)).email, 'Carol@example.org')
  await assert.rejects(accept(t, newer, good), refused(404))
  assert.equal((await t.visitor.call(login, { body: { email: 'carol@example.org', password: good } })).name, 'Carol')
  const late = codeOf(await t.admin.call(inviteUser, { params }))
  t.clock.advance(7 * 86_400_000)
  for (const nothing of [late, 'x', 'A'.repeat(43)])
    await assert.rejects(t.visitor.call(getInvitation, { params: { code: nothing } }), refused(404))
})

test('a new password ends every session; until it is chosen the old one stays', async () => {
  await using t = await startTest()
  const signedIn = await fetch(`${t.url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: t.alice.email, password: t.alice.password }),
  })
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  const browser = client({ origin: t.url, headers: { cookie } })
  const code = codeOf(await t.admin.call(inviteUser, { params: { id: t.alice.id } }))
  assert.equal((await browser.call(getMe, {})).email, t.alice.email)
  await t.visitor.call(login, { body: { email: t.alice.email, password: t.alice.password } })
  const answer = await fetch(`${t.url}/api/invitations/${code}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ password: good }),
  })
  const fresh = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  assert.equal((await client({ origin: t.url, headers: { cookie: fresh } }).call(listSessions, {})).sessions.length, 1)
  await assert.rejects(browser.call(getMe, {}), refused(401))
  await assert.rejects(
    t.visitor.call(login, { body: { email: t.alice.email, password: t.alice.password } }),
    refused(401),
  )
})

test('an administrator signs somebody out everywhere, and nobody else does', async () => {
  await using t = await startTest()
  const signedIn = await fetch(`${t.url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: t.alice.email, password: t.alice.password }),
  })
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  const browser = client({ origin: t.url, headers: { cookie } })
  const params = { id: t.alice.id }
  await assert.rejects(t.bob.call(endSessions, { params }), refused(403))
  assert.equal((await browser.call(getMe, {})).id, t.alice.id)
  await t.admin.call(endSessions, { params })
  await assert.rejects(browser.call(getMe, {}), refused(401))
  assert.equal((await t.alice.call(getMe, {})).id, t.alice.id) // by a token, which is another thing
  await assert.rejects(t.admin.call(endSessions, { params: { id: 'nobody' } }), refused(404))
})

test('somebody who was shut out gets no way in by a link', async () => {
  await using t = await startTest()
  const code = codeOf(await t.admin.call(inviteUser, { params: { id: t.bob.id } }))
  await t.admin.call(changeUser, { params: { id: t.bob.id }, body: { disabled: true } })
  await assert.rejects(accept(t, code, good), refused(404))
  await assert.rejects(t.admin.call(inviteUser, { params: { id: t.bob.id } }), refused(404))
})

test('who forgot the password is mailed a link, and nobody learns who has an account', async () => {
  await using mailbox = await openMailbox()
  await using t = await startTest({ env: mailbox.env })
  for (const email of ['nobody@example.org', t.alice.email])
    assert.equal(await t.visitor.call(forgotPassword, { body: { email } }), undefined)
  const letter = await mailbox.next(0)
  assert.equal(letter.to, t.alice.email)
  const [, code = ''] = /http:\/\/files\.example\.org\/join\/([\w-]{43})/.exec(letter.text) ?? []
  // The link goes to the configured address, whatever host the request was sent to.
  await fetch(`${t.url}/api/auth/forgot`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', host: 'evil.example' },
    body: JSON.stringify({ email: t.bob.email }),
  })
  assert.doesNotMatch((await mailbox.next(1)).text, /evil/)
  assert.equal((await accept(t, code, good)).id, t.alice.id)
  for (let i = 0; i < 4; i++) await t.visitor.call(forgotPassword, { body: { email: t.alice.email } })
  await assert.rejects(t.visitor.call(forgotPassword, { body: { email: t.alice.email } }), refused(429))
  const invited = await t.admin.call(createUser, { body: { email: 'dan@example.org', name: 'Dan', invite: true } })
  assert.equal(invited.invitation?.mailed, true)
  assert.ok(mailbox.letters.some(({ to }) => to === 'dan@example.org'))
})

test('without a mail server it is said that an administrator has to help', async () => {
  await using t = await startTest()
  await assert.rejects(t.visitor.call(forgotPassword, { body: { email: t.alice.email } }), /administrator/)
})

test('passwords that everybody tries first are refused, wherever one is chosen', async () => {
  await using t = await startTest()
  const signedIn = await fetch(`${t.url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: t.alice.email, password: t.alice.password }),
  })
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  const browser = client({ origin: t.url, headers: { cookie } })
  const current = t.alice.password
  for (const password of ['1234567890', 'Password123', 'qwertyuiop!!', 'aaaaaaaaaaaa', 'alice@example.org']) {
    await assert.rejects(browser.call(changePassword, { body: { current, password } }), refused(422), password)
    await assert.rejects(
      t.admin.call(changeUser, { params: { id: t.alice.id }, body: { password } }),
      refused(422),
      password,
    )
  }
  await assert.rejects(
    t.admin.call(createUser, { body: { email: 'x@example.org', name: 'X', password: 'iloveyou123' } }),
    refused(422),
  )
  await browser.call(changePassword, { body: { current, password: good } })
})

function accept(t: Test, code: string, password: string) {
  return t.visitor.call(acceptInvitation, { params: { code }, body: { password } })
}

function codeOf(invitation: Invitation | undefined): string {
  return invitation?.url.split('/join/')[1] ?? ''
}
