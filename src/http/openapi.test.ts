/** Every endpoint: declared, bound, documented, and refused to whoever may not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listSessions } from '../api/auth.ts'
import { client } from '../api/client.ts'
import { createDownload } from '../api/downloads.ts'
import { type Endpoint, parametersInPath } from '../api/endpoint.ts'
import { endpoints } from '../api/endpoints.ts'
import { getFile } from '../api/files.ts'
import { createFolder, getFolder } from '../api/folders.ts'
import { createShare, listShares } from '../api/shares.ts'
import { createToken, listTokens } from '../api/tokens.ts'
import { createUpload } from '../api/uploads.ts'
import { startTest, type Test } from '../testing/start.ts'
import { createApp } from './app.ts'
import { openApiDocument } from './openapi.ts'

test('what is declared is served, and nothing else', async () => {
  await using t = await startTest({ empty: true })
  const { bound, hono } = createApp(t.core, { version: '0', pageDirectory: t.directory })
  const declared = new Set(endpoints.map(({ endpoint }) => endpoint))
  assert.deepEqual([...declared].filter((one) => !bound.has(one)).map(say), [])
  assert.deepEqual([...bound].filter((one) => !declared.has(one)).map(say), [])
  assert.equal(new Set([...declared].map(say)).size, declared.size)
  const routes = hono.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`)
  const others = routes.filter((route) => ![...declared].some((one) => say(one) === route))
  assert.deepEqual(
    others.filter((route) => !['GET /api/docs', 'GET /public', 'GET /s/*', 'GET *', 'GET /*'].includes(route)),
    [],
  )
})

test('the document has every endpoint with its parameters, and people and programs can get it', async () => {
  await using t = await startTest({ empty: true })
  const document = openApiDocument('0', t.url) as {
    paths: Record<
      string,
      Record<string, { operationId: string; parameters: { name: string; in: string }[]; responses: object }>
    >
  }
  for (const { endpoint, name } of endpoints) {
    const operation = document.paths[endpoint.path.replace(parametersInPath, '{$1}')]?.[endpoint.method.toLowerCase()]
    assert.equal(operation?.operationId, name)
    const inPath = operation?.parameters.filter((one) => one.in === 'path').map((one) => `:${one.name}`)
    assert.deepEqual(inPath, endpoint.path.match(/:\w+/g) ?? [])
    assert.ok(Object.hasOwn(operation?.responses ?? {}, String(endpoint.status)))
  }
  assert.equal(Object.values(document.paths).flatMap(Object.keys).length, endpoints.length)
  const served = (await (await fetch(`${t.url}/api/openapi.json`)).json()) as { openapi: string; paths: object }
  assert.equal(served.openapi, '3.1.0')
  assert.deepEqual(Object.keys(served.paths), Object.keys(document.paths))
  const docs = await fetch(`${t.url}/api/docs`)
  assert.match(docs.headers.get('content-type') ?? '', /text\/html/)
  const page = await docs.text()
  for (const { endpoint } of endpoints) assert.ok(page.includes(`</b> ${endpoint.path} `), endpoint.path)
  assert.doesNotMatch(page, /<script/)
})

test('without an account every endpoint that needs one answers 401, whatever is sent', async () => {
  await using t = await startTest()
  const ids = await owned(t)
  for (const { endpoint } of endpoints.filter(({ endpoint }) => endpoint.access !== 'anyone'))
    for (const headers of [
      {},
      { authorization: 'Bearer fv_x' },
      { authorization: 'Basic YTpi' },
      { cookie: 'filevault=x; __Host-filevault=x' },
    ] as Record<string, string>[])
      assert.equal((await ask(t, endpoint, ids, headers)).status, 401, `${say(endpoint)} ${JSON.stringify(headers)}`)
})

test("with somebody else's ids every endpoint answers that there is nothing, and changes nothing", async () => {
  await using t = await startTest()
  const ids = await owned(t)
  const named = endpoints.filter(({ endpoint }) => endpoint.path.includes(':') && endpoint.access !== 'anyone')
  assert.ok(named.length > 20)
  const before = await everything(t, ids)
  for (const { endpoint } of named) {
    const status = endpoint.access === 'admin' ? 403 : 404
    const answer = await ask(t, endpoint, ids, { authorization: `Bearer ${t.bob.token}` })
    assert.equal(answer.status, status, `${say(endpoint)}: ${await answer.text()}`)
    if (endpoint.access === 'admin') continue
    // An administrator manages people, and sees nobody's files.
    assert.equal((await ask(t, endpoint, ids, { authorization: `Bearer ${t.admin.token}` })).status, 404, say(endpoint))
    for (const nonsense of ['x', '%2e%2e%2f', "'", '0', '-1', '%00', 'x'.repeat(65), ids.vaultId.toUpperCase()]) {
      const strange = await ask(t, endpoint, { ...ids, of: () => nonsense }, { authorization: `Bearer ${t.bob.token}` })
      assert.equal(strange.status, 404, `${say(endpoint)} ${nonsense}`)
    }
  }
  assert.deepEqual(await everything(t, ids), before)
})

test('a token that only reads changes nothing, and one bound to a vault reaches no other', async () => {
  await using t = await startTest()
  const ids = await owned(t)
  const reader = await t.alice.call(createToken, { body: { name: 'reader', scopes: ['read'] } })
  const bound = await t.bob.call(createToken, {
    body: { name: 'bound', scopes: ['read', 'write'], vaultId: t.bob.vaultId },
  })
  const before = await everything(t, ids)
  for (const { endpoint, name } of endpoints.filter(({ endpoint }) => endpoint.access !== 'anyone')) {
    const answer = await ask(t, endpoint, ids, { authorization: `Bearer ${reader.token}` })
    if (endpoint.access === 'admin') assert.equal(answer.status, 403, say(endpoint))
    // Signing out ends a session, and a token has none; what makes the address of an archive only reads.
    else if (endpoint.method !== 'GET' && name !== 'logout' && name !== 'createDownload')
      assert.equal(answer.status, 403, `${say(endpoint)}: ${await answer.text()}`)
    else
      assert.ok(
        answer.status < 400 || name === 'thumbnail' || answer.status === 426,
        `${say(endpoint)}: ${answer.status}`,
      )
    if (endpoint.path.includes(':') && endpoint.access === 'user')
      assert.equal((await ask(t, endpoint, ids, { authorization: `Bearer ${bound.token}` })).status, 404, say(endpoint))
  }
  const after = await everything(t, ids)
  assert.deepEqual(after, before)
})

interface Ids {
  vaultId: string
  file: string
  folder: string
  /** What stands for a parameter of an endpoint. */
  of(path: string, parameter: string): string
}

/** One of each thing, of Alice. */
async function owned(t: Test): Promise<Ids> {
  const file = await t.alice.put('a.txt', 'a', { path: 'Folder', tags: 'x' })
  const folder = (await t.alice.call(createFolder, { params: { vaultId: t.alice.vaultId }, body: { name: 'Other' } }))
    .id
  const token = await t.alice.call(createToken, { body: { name: 'hers', scopes: ['read'] } })
  const selection = await t.alice.call(createDownload, { body: { fileIds: [file.id] } })
  const share = await t.alice.call(createShare, { body: { fileId: file.id } })
  const upload = await t.alice.call(createUpload, {
    params: { vaultId: t.alice.vaultId },
    body: { path: 'b', size: 2 },
  })
  const body = JSON.stringify({ email: t.alice.email, password: t.alice.password })
  const signedIn = await fetch(`${t.url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  const { sessions } = await client({ origin: t.url, headers: { cookie } }).call(listSessions, {})
  return {
    vaultId: t.alice.vaultId,
    file: file.id,
    folder,
    of: (path, parameter) => {
      if (parameter === 'vaultId') return t.alice.vaultId
      if (parameter === 'userId') return t.alice.id
      if (path.includes('/sessions/')) return sessions[0]?.id ?? ''
      if (path.includes('/tokens/')) return token.id
      if (path.includes('/shares/')) return share.id
      if (parameter === 'index') return '0'
      if (parameter === 'n') return '1'
      if (path.startsWith('/api/uploads/')) return upload.id
      if (path.includes('/downloads/')) return selection.id
      if (path.includes('/users/')) return t.alice.id
      return path.includes('/folders/') ? folder : file.id
    },
  }
}

/** What could have been changed. */
async function everything(t: Test, ids: Ids) {
  const file = await t.alice.call(getFile, { params: { id: ids.file } })
  const folder = await t.alice.call(getFolder, { params: { id: ids.folder } })
  const tokens = (await t.alice.call(listTokens, {})).tokens.map(({ id }) => id)
  const { shares } = await t.alice.call(listShares, {})
  return { file, folder, tokens, shares, sessions: (await t.alice.call(listSessions, {})).sessions.map(({ id }) => id) }
}

const bodies: Record<string, unknown> = {
  'PATCH /api/files/:id': { name: 'stolen.txt' },
  'PUT /api/files/:id/tags': { tags: ['stolen'] },
  'PATCH /api/folders/:id': { name: 'stolen' },
  'POST /api/vaults/:vaultId/folders': { name: 'new' },
  'PATCH /api/vaults/:vaultId': { name: 'stolen' },
  'POST /api/vaults': { name: 'new' },
  'POST /api/vaults/:vaultId/members': { userId: 'x', role: 'viewer' },
  'PATCH /api/vaults/:vaultId/members/:userId': { role: 'viewer' },
  'PATCH /api/auth/me': { name: 'Stolen' },
  'PUT /api/auth/password': { current: 'not the password', password: 'a new long password' },
  'POST /api/vaults/:vaultId/uploads': { path: 'stolen', size: 2 },
  'POST /api/tokens': { name: 'x', scopes: ['read'] },
  'PATCH /api/shares/:id': { permission: 'view', newCode: true },
}

function ask(t: Test, endpoint: Endpoint, ids: Ids, headers: Record<string, string>): Promise<Response> {
  const path = endpoint.path.replace(parametersInPath, (_, parameter: string) => ids.of(endpoint.path, parameter))
  if (endpoint.method === 'GET') return fetch(t.url + path, { headers })
  if (endpoint.declared.body === 'multipart') {
    const form = new FormData()
    form.append('vaultId', ids.vaultId)
    form.append('files', new Blob(['x']), 'x.txt')
    return fetch(t.url + path, { method: endpoint.method, headers, body: form })
  }
  const ofIds: Record<string, unknown> = {
    'POST /api/downloads': { fileIds: [ids.file] },
    'POST /api/files/bulk': { ids: [ids.file], action: 'delete' },
    'POST /api/shares': { fileId: ids.file },
  }
  const body = JSON.stringify(ofIds[say(endpoint)] ?? bodies[say(endpoint)] ?? {})
  const query = endpoint.path.endsWith('/match') ? '?level=blocks' : ''
  return fetch(t.url + path + query, {
    method: endpoint.method,
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

function say(endpoint: Endpoint): string {
  return `${endpoint.method} ${endpoint.path}`
}
