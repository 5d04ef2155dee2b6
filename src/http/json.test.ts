/** JSON in and problems out: whatever is sent, the answer is a sentence in a shape that programs know. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { getFile, setTags } from '../api/files.ts'
import { startTest, type Test } from '../testing/start.ts'

test('wrong types are refused with the path of each', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'a')
  const vault = `/api/vaults/${t.alice.vaultId}`
  for (const [method, path, body, where] of [
    ['POST', `${vault}/folders`, {}, 'name'],
    ['POST', `${vault}/folders`, { name: 7 }, 'name'],
    ['POST', `${vault}/folders`, { name: '' }, 'name'],
    ['POST', `${vault}/folders`, { name: 'x', color: 'mauve' }, 'color'],
    ['POST', `${vault}/folders`, { name: 'x', parentId: { $ne: null } }, 'parentId'],
    ['PATCH', `/api/files/${id}`, { name: ['a'] }, 'name'],
    ['PATCH', `/api/files/${id}`, { metadata: 'x' }, 'metadata'],
    ['PATCH', `/api/files/${id}`, { metadata: { a: { b: 1 } } }, 'metadata.a'],
    ['PATCH', `/api/files/${id}`, { metadata: { '$.a"': 'x' } }, 'metadata.$.a"'],
    ['PATCH', `/api/files/${id}`, { metadata: { a: 'x'.repeat(3000) } }, 'metadata.a'],
    ['PUT', `/api/files/${id}/tags`, { tags: 'a,b' }, 'tags'],
    ['PUT', `/api/files/${id}/tags`, { tags: ['a', 1] }, 'tags.1'],
    ['PUT', `/api/files/${id}/tags`, { tags: Array(51).fill('x') }, 'tags'],
    ['POST', '/api/tokens', { name: 'x', scopes: ['root'] }, 'scopes.0'],
    ['POST', '/api/tokens', { name: 'x', scopes: ['read'], expiresAt: 'tomorrow' }, 'expiresAt'],
    ['POST', '/api/auth/login', { email: ['a'], password: 'b' }, 'email'],
  ] as const) {
    const answer = await asked(t, method, path, JSON.stringify(body))
    assert.equal(answer.status, 422, `${path} ${JSON.stringify(body)}: ${answer.text}`)
    assert.ok(
      answer.problem.errors?.some((one) => one.path === where && one.message),
      answer.text,
    )
  }
  for (const body of [
    'null',
    '[]',
    '7',
    '"x"',
    '{"metadata":[[[[]]]]}',
    `{"metadata":${'['.repeat(1000)}${']'.repeat(1000)}}`,
  ])
    assert.equal((await asked(t, 'PATCH', `/api/files/${id}`, body)).status === 422 || body === '[]', true, body)
  const tooMany = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, 1]))
  assert.equal((await asked(t, 'PATCH', `/api/files/${id}`, JSON.stringify({ metadata: tooMany }))).status, 422)
  assert.deepEqual((await t.alice.call(getFile, { params: { id } })).metadata, {})
})

test('query values that mean nothing are refused, not guessed', async () => {
  await using t = await startTest()
  for (const query of [
    'limit=1e9',
    'limit=0',
    'limit=-1',
    'limit=ten',
    'limit=',
    'limit=5&limit=6',
    'sort=colour',
    'order=up',
    'favorite=maybe',
    'cursor=x',
    'cursor=%00',
    `cursor=${'x'.repeat(5000)}`,
    'sort=name%00',
    'sort=size;DROP%20TABLE%20file',
  ]) {
    const answer = await asked(t, 'GET', `/api/files?${query}`)
    assert.equal(answer.status, 422, `${query}: ${answer.text}`)
  }
  for (const query of [
    'unknown=1',
    '__proto__=1',
    '__proto__[a]=1',
    'constructor=1',
    'tag=%00',
    'type=x',
    'metadata.__proto__=1',
    '%',
    '%ff=%fe',
  ])
    assert.equal((await asked(t, 'GET', `/api/files?${query}`)).status, 200, query)
})

test('what is not JSON, or too much of it, is refused before it is understood', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'a')
  const path = `/api/files/${id}`
  for (const body of ['{', '{"name":}', 'name=x', '\u0000', '{"a":1}{"b":2}', '{"name":"\\ud800"}'])
    assert.equal((await asked(t, 'PATCH', path, body)).status, 422, body)
  assert.equal((await asked(t, 'PATCH', path, Buffer.from([0x7b, 0xff, 0x7d]))).status, 422)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])
    assert.equal((await asked(t, 'PATCH', path, '{"name":"b.txt"}', { 'content-type': type })).status, 422, type)
  const huge = `{"name":"${'x'.repeat(2_000_000)}"}`
  assert.equal((await asked(t, 'PATCH', path, huge)).status, 413)
  assert.equal((await asked(t, 'PATCH', path, huge, { 'transfer-encoding': 'chunked' })).status, 413)
  assert.equal((await asked(t, 'POST', '/api/auth/login', huge, { 'transfer-encoding': 'chunked' })).status, 413)
  assert.equal((await t.alice.call(getFile, { params: { id } })).name, 'a.txt')
})

test('keys of prototypes are data or refused, and change nothing else', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'a')
  for (const body of [
    '{"metadata":{"__proto__":"x"}}',
    '{"__proto__":{"name":"b.txt"}}',
    '{"metadata":{"constructor":"c"}}',
    '{"constructor":{"prototype":{"admin":true}}}',
  ])
    assert.ok([200, 422].includes((await asked(t, 'PATCH', `/api/files/${id}`, body)).status), body)
  assert.equal(({} as Record<string, unknown>).admin, undefined)
  const now = await t.alice.call(getFile, { params: { id } })
  assert.equal(now.name, 'a.txt')
  assert.ok(
    Object.keys(now.metadata).every((key) => key === 'constructor'),
    JSON.stringify(now.metadata),
  )
})

test('fields that are not for the caller are not taken from a body', async () => {
  await using t = await startTest()
  const before = await asked(
    t,
    'PATCH',
    '/api/auth/me',
    '{"name":"Alice","admin":true,"quotaBytes":1,"id":"x","email":"b@example.org"}',
  )
  assert.equal(before.status, 200)
  const { admin, email } = JSON.parse(before.text.slice(before.text.indexOf('\r\n\r\n'))) as Record<string, unknown>
  assert.deepEqual({ admin, email }, { admin: false, email: 'alice@example.org' })
})

test('an unknown or strangely written address is no way around a check', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'secret words')
  for (const path of [
    '/api/nothing',
    '/api/',
    '/api/files/x/y/z',
    '/api/..%2f..%2fetc/passwd',
    '/api/..%5c..%5cetc',
    '/api/%252e%252e/x',
    '/api/%00',
    '/api/files/%00',
    '/api/files/..%2f',
    `/api/files/${'x'.repeat(10_000)}`,
    `/api/files/${id}%00`,
    `/api/files/${id}'--`,
  ]) {
    const answer = await asked(t, 'GET', path)
    assert.equal(answer.status, 404, `${path}: ${answer.text.slice(0, 200)}`)
    assert.equal(answer.problem.code, 'not-found')
  }
  for (const path of [
    `//api/files/${id}/download`,
    `/api//files/${id}/download`,
    `/./api/files/${id}/download`,
    `/api/files/${id}/download/.`,
    `/api/files/${id}/download/`,
    `/api%2ffiles/${id}/download`,
    `/API/files/${id}/download`,
    `/x/../api/files/${id}/download`,
    '//etc/passwd',
    '/api/%2e%2e/%2e%2e/etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/../../etc/passwd',
  ]) {
    const answer = await asked(t, 'GET', path, undefined, { authorization: '' })
    assert.ok([200, 401, 404].includes(answer.status), `${path}: ${answer.status}`)
    assert.doesNotMatch(answer.text, /secret words|root:/, path)
  }
  assert.ok([404, 405].includes((await asked(t, 'DELETE', '/nothing')).status))
})

test('an error that nobody foresaw tells its id and nothing of the inside', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'a')
  const aside = new Database(t.core.volume.indexPath)
  aside.exec('DROP TABLE file_tag; CREATE TABLE file_tag (wrong)')
  aside.close()
  const answer = await asked(t, 'PUT', `/api/files/${id}/tags`, '{"tags":["x"]}')
  assert.equal(answer.status, 500)
  assert.equal(answer.problem.code, 'internal')
  assert.doesNotMatch(answer.text, /file_tag|SQLITE|\.ts|node_modules|\/tmp|at /)
  await assert.rejects(t.alice.call(setTags, { params: { id }, body: { tags: ['y'] } }))
  assert.equal((await t.alice.call(getFile, { params: { id } })).name, 'a.txt')
})

interface Asked {
  status: number
  text: string
  problem: { code?: string; errors?: { path: string; message: string }[] }
}

/** Sends a request whose path and headers nobody tidies up, and holds every refusal against RFC 9457. */
async function asked(
  t: Test,
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Asked> {
  const bytes = body === undefined ? undefined : Buffer.from(body as string)
  const chunked = headers['transfer-encoding'] === 'chunked'
  const all: Record<string, string> = {
    host: 'localhost',
    connection: 'close',
    authorization: `Bearer ${t.alice.token}`,
  }
  if (bytes) all['content-type'] = 'application/json'
  if (bytes && !chunked) all['content-length'] = String(bytes.length)
  const lines = Object.entries({ ...all, ...headers }).filter(([, value]) => value !== '')
  const socket = connect(Number(new URL(t.url).port), '127.0.0.1')
  socket.setTimeout(10_000, () => socket.destroy(new Error('The server gave no answer.')))
  socket.on('error', () => {}) // cut while it was still sending: what counts is what was answered
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  if (bytes)
    socket.write(
      chunked
        ? Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')])
        : bytes,
    )
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => socket.once('close', resolve))
  const text = Buffer.concat(chunks).toString()
  const status = Number(text.slice(9, 12))
  const [head = '', content = ''] = text.split(/\r\n\r\n(.*)/s)
  if (status < 400) return { status, text, problem: {} }
  assert.match(head, /content-type: application\/problem\+json/i, `${method} ${path}: ${text.slice(0, 500)}`)
  assert.match(head, /x-request-id: \S{8,}/i)
  const problem = JSON.parse(content) as Asked['problem'] & {
    detail: string
    status: number
    title: string
    type: string
  }
  assert.equal(problem.status, status)
  assert.ok(problem.detail.length > 10 && problem.title && problem.type, text)
  return { status, text, problem }
}
