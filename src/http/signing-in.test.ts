/** Setting up, signing in, sessions, tokens, and requests that other sites make. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { changePassword, getMe, listSessions, logout, removeSession } from '../api/auth.ts'
import { type Client, client } from '../api/client.ts'
import { setFavorite } from '../api/files.ts'
import { changeSettings } from '../api/settings.ts'
import { createToken, listTokens, removeToken } from '../api/tokens.ts'
import { changeUser } from '../api/users.ts'
import { refused } from '../testing/refused.ts'
import { startTest, type Test, type TestOptions } from '../testing/start.ts'

const hour = 3_600_000
const proxied: TestOptions = { env: { FILEVAULT_SERVER_TRUSTED_PROXIES: '127.0.0.1' } }

test('the first administrator needs the code, and of two at once one is made', async () => {
  await using t = await startTest({ empty: true })
  const body = (code: string, name: string) => ({
    code,
    email: `${name}@example.org`,
    name,
    password: 'a long enough password',
  })
  const setUp = (code: string, name: string) => post(t, '/api/setup', body(code, name))
  assert.equal((await setUp('wrong', 'eve')).status, 403)
  assert.equal((await setUp('', 'eve')).status, 403)
  const both = await Promise.all([setUp(t.core.setUpCode, 'ann'), setUp(t.core.setUpCode, 'ben')])
  assert.deepEqual(both.map(({ status }) => status).sort(), [201, 409])
  assert.equal((await setUp(t.core.setUpCode, 'cat')).status, 409)
  const made = both.find(({ status }) => status === 201)
  const me = await signed(t, cookieOf(made as Response)).call(getMe, {})
  assert.equal(me.admin, true)
})

test('a wrong password, an unknown and a disabled person look the same', async () => {
  await using t = await startTest()
  await t.admin.call(changeUser, { params: { id: t.bob.id }, body: { disabled: true } })
  const answers = await Promise.all(
    [
      ['alice@example.org', 'wrong password'],
      ['nobody@example.org', 'wrong password'],
      ['bob@example.org', t.bob.password],
      ['', ''],
    ].map(async ([email = '', password = '']) => {
      const answer = await signIn(t, email, password)
      return [answer.status, answer.headers.get('set-cookie'), await answer.text()]
    }),
  )
  for (const answer of answers) assert.deepEqual(answer, answers[0])
  assert.equal(answers[0]?.[0], 401)
  assert.equal((await signIn(t, 'alice@example.org', 'x'.repeat(1024 * 1024))).status, 413)
  assert.equal((await signIn(t, 'alice@example.org', 'x'.repeat(1000))).status, 422)
  assert.equal((await signIn(t, ' ALICE@example.org ', t.alice.password)).status, 200)
})

test('guessing slows down, lets the person in from elsewhere, and a restart forgets nothing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'filevault-signing-in-'))
  try {
    {
      await using t = await startTest({ ...proxied, directory })
      for (let i = 0; i < 5; i++)
        assert.equal((await signIn(t, t.alice.email, 'wrong', from('203.0.113.7'))).status, 401)
      const slowed = await signIn(t, t.alice.email, t.alice.password, from('203.0.113.7'))
      assert.equal(slowed.status, 429)
      assert.ok(Number(slowed.headers.get('retry-after')) >= 1)
      assert.equal((await signIn(t, t.alice.email, t.alice.password, from('198.51.100.1'))).status, 200)
      assert.equal((await signIn(t, t.bob.email, t.bob.password, from('203.0.113.7'))).status, 200)
      let wait = 1000
      for (let i = 0; i < 4; i++, wait *= 2) {
        t.clock.advance(wait + 1000)
        assert.equal((await signIn(t, t.alice.email, 'wrong', from('203.0.113.7'))).status, 401)
      }
    }
    await using t = await startTest({ ...proxied, directory, empty: true })
    assert.equal((await signIn(t, 'alice@example.org', 'alices own password', from('203.0.113.7'))).status, 429)
    assert.equal((await signIn(t, 'alice@example.org', 'alices own password', from('198.51.100.1'))).status, 200)
    t.clock.advance(2 * hour)
    assert.equal((await signIn(t, 'alice@example.org', 'alices own password', from('203.0.113.7'))).status, 200)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('an address may fail so often over all accounts, and the last untrusted hop is what counts', async () => {
  await using t = await startTest(proxied)
  await t.admin.call(changeSettings, { body: { signInAttempts: 10 } })
  for (let i = 0; i < 10; i++)
    assert.equal((await signIn(t, `${i}@example.org`, 'wrong', from(`8.8.8.${i}, 203.0.113.7`))).status, 401)
  assert.equal((await signIn(t, t.alice.email, t.alice.password, from('1.1.1.1, 203.0.113.7'))).status, 429)
  assert.equal((await signIn(t, t.alice.email, t.alice.password, from('198.51.100.1'))).status, 200)
  t.clock.advance(16 * 60_000)
  assert.equal((await signIn(t, t.alice.email, t.alice.password, from('203.0.113.7'))).status, 200)
})

test('a made-up X-Forwarded-For is nothing where no proxy is trusted', async () => {
  await using t = await startTest()
  for (let i = 0; i < 5; i++) assert.equal((await signIn(t, t.alice.email, 'wrong', from(`9.9.9.${i}`))).status, 401)
  assert.equal((await signIn(t, t.alice.email, t.alice.password, from('9.9.9.99'))).status, 429)
  const [session] = (
    await signed(t, cookieOf(await signIn(t, t.bob.email, t.bob.password, from('9.9.9.9')))).call(listSessions, {})
  ).sessions
  assert.equal(session?.address, '127.0.0.1')
})

test('the cookie is out of reach for scripts and other sites, and bound to TLS where there is TLS', async () => {
  await using plain = await startTest()
  const cookie = (await signIn(plain, plain.alice.email, plain.alice.password)).headers.get('set-cookie') ?? ''
  assert.match(cookie, /^filevault=[\w-]{43}; /)
  for (const attribute of [/; HttpOnly/, /; SameSite=Lax/, /; Path=\//]) assert.match(cookie, attribute)
  assert.doesNotMatch(cookie, /Secure|Domain|Max-Age/)
  await using tls = await startTest({ env: { FILEVAULT_PUBLIC_URL: 'https://files.example.org' } })
  const answer = await post(tls, '/api/auth/login', {
    email: tls.alice.email,
    password: tls.alice.password,
    remember: true,
  })
  assert.match(
    answer.headers.get('set-cookie') ?? '',
    /^__Host-filevault=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  assert.match(answer.headers.get('strict-transport-security') ?? '', /max-age/)
})

test('a cookie changes once a day, its last value stays good for a minute, and idle or old sessions end', async () => {
  await using t = await startTest()
  const first = cookieOf(
    await post(t, '/api/auth/login', { email: t.alice.email, password: t.alice.password, remember: true }),
  )
  assert.equal((await me(t, first)).headers.get('set-cookie'), null)
  t.clock.advance(25 * hour)
  const renewed = await me(t, first)
  const second = cookieOf(renewed)
  assert.notEqual(second, first)
  assert.equal((await me(t, first)).status, 200)
  t.clock.advance(61_000)
  assert.equal((await me(t, first)).status, 401)
  assert.equal((await me(t, second)).status, 200)
  t.clock.advance(15 * 24 * hour)
  assert.equal((await me(t, second)).status, 401)
  const short = cookieOf(await signIn(t, t.alice.email, t.alice.password))
  t.clock.advance(13 * hour)
  assert.equal((await me(t, short)).status, 401)
  let cookie = cookieOf(
    await post(t, '/api/auth/login', { email: t.alice.email, password: t.alice.password, remember: true }),
  )
  for (let day = 0; day < 29; day++) {
    t.clock.advance(24 * hour)
    const answer = await me(t, cookie)
    assert.equal(answer.status, 200, `day ${day}`)
    cookie = cookieOf(answer)
  }
  t.clock.advance(25 * hour)
  assert.equal((await me(t, cookie)).status, 401)
})

test('sessions end when they are revoked, signed out of, or their person changes the password or is shut out', async () => {
  await using t = await startTest()
  const open = async () => cookieOf(await signIn(t, t.alice.email, t.alice.password))
  const [here, there, away] = [await open(), await open(), await open()]
  const { sessions } = await signed(t, here).call(listSessions, {})
  assert.equal(sessions.length, 3)
  const [other] = (await signed(t, there).call(listSessions, {})).sessions.filter(({ current }) => current)
  await assert.rejects(
    signed(t, cookieOf(await signIn(t, t.bob.email, t.bob.password))).call(removeSession, {
      params: { id: other?.id ?? '' },
    }),
    refused(404),
  )
  await signed(t, here).call(removeSession, { params: { id: other?.id ?? '' } })
  assert.equal((await me(t, there)).status, 401)
  await signed(t, away).call(logout, {})
  assert.equal((await me(t, away)).status, 401)
  const third = await open()
  const change = (current: string) =>
    signed(t, here).call(changePassword, { body: { current, password: 'another good password' } })
  await assert.rejects(change('not this'), refused(422))
  await assert.rejects(
    t.alice.call(changePassword, { body: { current: t.alice.password, password: 'another good password' } }),
    refused(403),
  )
  await change(t.alice.password)
  assert.equal((await me(t, third)).status, 401)
  assert.equal((await me(t, here)).status, 200)
  await t.admin.call(changeUser, { params: { id: t.alice.id }, body: { disabled: true } })
  assert.equal((await me(t, here)).status, 401)
  await assert.rejects(t.alice.call(getMe, {}), refused(401))
  await t.admin.call(changeUser, { params: { id: t.alice.id }, body: { disabled: false } })
  assert.equal((await me(t, here)).status, 401)
})

test('what another site makes a browser send is refused, signing in included', async () => {
  await using t = await startTest({ env: { FILEVAULT_PUBLIC_URL: 'http://files.example.org' } })
  const cookie = cookieOf(await signIn(t, t.alice.email, t.alice.password))
  const good = { email: t.alice.email, password: t.alice.password }
  for (const foreign of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${t.url}1` },
  ] as Record<string, string>[]) {
    const name = JSON.stringify(foreign)
    assert.equal((await post(t, '/api/auth/login', good, foreign)).status, 403, name)
    for (const type of [
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ])
      assert.equal(
        (await post(t, '/api/auth/logout', {}, { ...foreign, cookie, 'content-type': type })).status,
        403,
        name,
      )
  }
  assert.equal((await me(t, cookie)).status, 200)
  for (const own of [
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { origin: t.url },
    { origin: 'http://files.example.org' },
  ] as Record<string, string>[])
    assert.equal((await post(t, '/api/auth/login', good, own)).status, 200, JSON.stringify(own))
})

test('a token does what its scopes say, until it expires or is revoked', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'a')
  const expiresAt = new Date(t.clock.now() + hour).toISOString()
  const made = await t.alice.call(createToken, { body: { name: 'short', scopes: ['read'], expiresAt } })
  const reader = client({ origin: t.url, token: made.token })
  assert.equal((await reader.call(getMe, {})).id, t.alice.id)
  await assert.rejects(reader.call(setFavorite, { params: { id }, body: { favorite: true } }), refused(403))
  await assert.rejects(reader.call(createToken, { body: { name: 'more', scopes: ['write'] } }), refused(403))
  await assert.rejects(reader.call(createToken, { body: { name: 'longer', scopes: ['read'] } }), refused(403))
  await assert.rejects(reader.call(removeToken, { params: { id: made.id } }), refused(403))
  await assert.rejects(t.alice.call(createToken, { body: { name: 'root', scopes: ['admin'] } }), refused(403))
  await assert.rejects(
    t.alice.call(createToken, { body: { name: 'past', scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' } }),
    refused(422),
  )
  await assert.rejects(t.bob.call(removeToken, { params: { id: made.id } }), refused(404))
  assert.doesNotMatch(JSON.stringify(await t.alice.call(listTokens, {})), new RegExp(made.token.slice(-20)))
  t.clock.advance(hour)
  await assert.rejects(reader.call(getMe, {}), refused(401))
  const other = await t.alice.call(createToken, { body: { name: 'other', scopes: ['read', 'write'] } })
  await t.alice.call(removeToken, { params: { id: other.id } })
  await assert.rejects(client({ origin: t.url, token: other.token }).call(getMe, {}), refused(401))
})

function post(t: Test, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(t.url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
}

function signIn(t: Test, email: string, password: string, headers: Record<string, string> = {}): Promise<Response> {
  return post(t, '/api/auth/login', { email, password }, headers)
}

const from = (address: string) => ({ 'x-forwarded-for': address })

function me(t: Test, cookie: string): Promise<Response> {
  return fetch(`${t.url}/api/auth/me`, { headers: { cookie } })
}

function signed(t: Test, cookie: string): Client {
  return client({ origin: t.url, headers: { cookie } })
}

function cookieOf(answer: Response): string {
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';')
  assert.match(cookie, /=./, `${answer.status}`)
  return cookie
}
