/**
 * Who may do what: every endpoint, asked for something in Alice's team vault by everybody there is. A new endpoint without
 * its row fails, and so does a row whose endpoint is gone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { client } from '../api/client.ts'
import { createDownload as createSelection } from '../api/downloads.ts'
import { type Endpoint, parametersInPath } from '../api/endpoint.ts'
import { endpoints } from '../api/endpoints.ts'
import { removeFile } from '../api/files.ts'
import { createFolder, removeFolder } from '../api/folders.ts'
import { createShare } from '../api/shares.ts'
import { createToken } from '../api/tokens.ts'
import { createUpload } from '../api/uploads.ts'
import { changeUser, createUser, inviteUser } from '../api/users.ts'
import { addMember, createVault } from '../api/vaults.ts'
import { q } from '../index/query.ts'
import { openGuest } from '../testing/guest.ts'
import { formOf, type Person } from '../testing/person.ts'
import { startTest, type Test } from '../testing/start.ts'

/**
 * In this order: nobody; a stranger with an account; a viewer, an editor and a manager of the vault; a guest before and after
 * the password of a link to the folder that lets guests edit; the manager's token that only reads; an administrator who is no
 * member; a member who was disabled.
 */
const columns = ['nobody', 'stranger', 'viewer', 'editor', 'manager', 'locked', 'guest', 'reader', 'admin', 'disabled']

// Whoever asks with a token that is not good is told so, wherever it is.
const anyone = '200 200 200 200 200 200 200 200 200 401'
const signedIn = '401 200 200 200 200 401 401 200 200 401'
const ownWrites = '401 200 200 200 200 401 401 403 200 401'
const sees = '401 404 200 200 200 401 401 200 404 401'
const edits = '401 404 403 200 200 401 401 403 404 401'
const makes = '401 404 403 201 201 401 401 403 404 401'
const removes = '401 404 403 204 204 401 401 403 404 401'
const manages = '401 404 403 403 200 401 401 403 404 401'
const administers = '401 403 403 403 403 401 401 403 200 401'
const behindLink = '401 401 401 401 401 401 200 401 401 401'

const matrix: Record<string, string> = {
  getSetup: anyone,
  setUp: '409 409 409 409 409 409 409 409 409 401',
  login: '401 401 401 401 401 401 401 401 401 401',
  logout: '401 204 204 204 204 401 401 204 204 401',
  getMe: signedIn,
  changeMe: ownWrites,
  // With a session alone, which none of these is.
  changePassword: '401 403 403 403 403 401 401 403 403 401',
  listSessions: signedIn,
  removeSession: '401 404 404 404 404 401 401 403 404 401',
  listTokens: signedIn,
  createToken: '401 201 201 201 201 401 401 403 201 401',
  removeToken: '401 404 404 404 204 401 401 403 404 401',
  getUsage: signedIn,
  initializeStorage: ownWrites,
  setQuota: administers,
  getStats: administers,
  listVaults: signedIn,
  getVault: sees,
  createVault: '401 201 201 201 201 401 401 403 201 401',
  removeVault: '401 404 403 403 409 401 401 403 404 401',
  listMembers: sees,
  addMember: '401 404 403 403 201 401 401 403 404 401',
  changeMember: manages,
  removeMember: '401 404 403 403 204 401 401 403 404 401',
  changeVault: manages,
  listAllVaults: administers,
  changeAnyVault: administers,
  listFolders: sees,
  createFolder: makes,
  getFolder: sees,
  changeFolder: edits,
  removeFolder: removes,
  restoreFolder: edits,
  listFiles: sees,
  listMyFiles: signedIn,
  uploadFiles: makes,
  getFile: sees,
  changeFile: edits,
  copyFile: makes,
  removeFile: removes,
  restoreFile: edits,
  // Who may throw away may do so for good.
  emptyTrash: edits,
  setFavorite: '401 404 200 200 200 401 401 403 404 401',
  setTags: edits,
  download: sees,
  // There is no picture of a text; who may see it is told so in the same words as who may not.
  thumbnail: '401 404 404 404 404 401 401 404 404 401',
  listVersions: sees,
  downloadVersion: sees,
  restoreVersion: edits,
  createUpload: makes,
  listUploads: signedIn,
  // An upload is its maker's alone; what it is to become, the vault's.
  getUpload: '401 404 404 404 200 401 401 200 404 401',
  putChunk: '401 404 404 404 200 401 401 403 404 401',
  matchUpload: '401 404 404 404 200 401 401 403 404 401',
  putRanges: '401 404 404 404 422 401 401 403 404 401',
  completeUpload: '401 404 404 404 409 401 401 403 404 401',
  removeUpload: '401 404 404 404 204 401 401 403 404 401',
  getBlocks: sees,
  downloadFolder: sees,
  downloadVault: sees,
  createDownload: '401 404 201 201 201 401 401 201 404 401',
  downloadSelection: '401 404 404 404 200 401 401 200 404 401',
  listShares: signedIn,
  createShare: makes,
  changeShare: '401 404 404 404 200 401 401 403 404 401',
  removeShare: '401 404 404 404 204 401 401 403 404 401',
  getGuestShare: behindLink,
  // The right password lets in whoever brings it.
  unlockShare: anyone,
  listGuestFiles: behindLink,
  searchGuestFiles: behindLink,
  downloadShare: behindLink,
  previewShare: behindLink,
  shareThumbnail: '401 401 401 401 401 401 404 401 401 401',
  putGuestFile: '401 401 401 401 401 401 201 401 401 401',
  listPublicFolders: anyone,
  // Each file is asked for by itself, and answered for in the body.
  changeFiles: ownWrites,
  listChanges: sees,
  getSnapshot: sees,
  // Over plain HTTP; live.test.ts asks as a WebSocket.
  follow: '401 404 426 426 426 401 401 426 404 401',
  search: sees,
  searchEverywhere: signedIn,
  listUsers: administers,
  createUser: '401 403 403 403 403 401 401 403 201 401',
  changeUser: administers,
  removeUser: '401 403 403 403 403 401 401 403 204 401',
  endSessions: '401 403 403 403 403 401 401 403 204 401',
  inviteUser: '401 403 403 403 403 401 401 403 201 401',
  // A secret of 256 bits lets in whoever brings it.
  getInvitation: anyone,
  acceptInvitation: anyone,
  forgotPassword: '409 409 409 409 409 409 409 409 409 401',
  getSettings: administers,
  changeSettings: administers,
  getBrand: anyone,
  getLogo: '404 404 404 404 404 404 404 404 404 401',
  setLogo: administers,
  removeLogo: '401 403 403 403 403 401 401 403 204 401',
  listEvents: administers,
  exportEvents: administers,
  listMyEvents: signedIn,
  getOverview: administers,
  listJobs: administers,
  retryJob: '401 403 403 403 403 401 401 403 202 401',
  // Asked through a proxy, as strangers do.
  metrics: administers,
  health: anyone,
  openapi: anyone,
}

test('every endpoint answers everybody as its row says', async (c) => {
  assert.deepEqual(
    endpoints.map(({ name }) => name).filter((name) => !Object.hasOwn(matrix, name)),
    [],
    'These have no row.',
  )
  assert.deepEqual(
    Object.keys(matrix).filter((name) => !endpoints.some((one) => one.name === name)),
    [],
    'These rows have no endpoint.',
  )
  await using t = await startTest()
  const world = await openWorld(t)
  const wrong: string[] = []
  for (const { name, endpoint } of endpoints) {
    const answers: number[] = []
    for (const column of columns) answers.push(await ask(t, world, name, endpoint, column))
    const row = answers.join(' ')
    if (row !== matrix[name]) wrong.push(`${name}\n  is        ${row}\n  should be ${matrix[name]}`)
  }
  c.diagnostic(`${endpoints.length * columns.length} cells`)
  assert.deepEqual(wrong, [], `\n${wrong.join('\n')}\n`)
})

interface World {
  vaultId: string
  headers: Record<string, Record<string, string>>
  link: string
}

async function openWorld(t: Test): Promise<World> {
  const { alice } = t
  const [viewer, editor, disabled] = [await t.person('vera'), await t.person('ed'), await t.person('dora')]
  const { id: vaultId } = await alice.call(createVault, { body: { name: 'Team' } })
  for (const [{ id: userId }, role] of [
    [viewer, 'viewer'],
    [editor, 'editor'],
    [disabled, 'manager'],
  ] as const)
    await alice.call(addMember, { params: { vaultId }, body: { userId, role } })
  await t.admin.call(changeUser, { params: { id: disabled.id }, body: { disabled: true } })
  const { folderId } = await alice.put('shared.txt', 'shared', { vaultId, path: 'Shared' })
  const share = await alice.call(createShare, {
    body: { folderId: folderId ?? '', permission: 'edit', password: 'open sesame' },
  })
  const guest = openGuest(t.url, share)
  await guest.unlock({ password: 'open sesame' })
  const reader = await alice.call(createToken, { body: { name: 'reader', scopes: ['read'] } })
  const by = (token: string) => ({ authorization: `Bearer ${token}` })
  return {
    vaultId,
    link: share.shortCode,
    headers: {
      nobody: {},
      stranger: by(t.bob.token),
      viewer: by(viewer.token),
      editor: by(editor.token),
      manager: by(alice.token),
      locked: { cookie: guest.cookie.replace(/=.*/, '=made-up') },
      guest: { cookie: guest.cookie },
      reader: by(reader.token),
      admin: by(t.admin.token),
      disabled: by(disabled.token),
    },
  }
}

let fresh = 0

async function ask(
  t: Test,
  { vaultId, headers, link }: World,
  name: string,
  endpoint: Endpoint,
  column: string,
): Promise<number> {
  const { alice } = t
  const subject = await subjects(t, alice, vaultId, name, endpoint)
  const params = { vaultId, shortCode: link, ...subject.params }
  const path = endpoint.path.replace(parametersInPath, (_, parameter: keyof typeof params) => params[parameter] ?? '')
  const sent: RequestInit = { method: endpoint.method, headers: { ...headers[column], ...subject.headers } }
  if (subject.body instanceof FormData || subject.body instanceof Uint8Array) sent.body = subject.body as BodyInit
  else if (endpoint.method !== 'GET' && subject.body !== undefined) {
    sent.body = JSON.stringify(subject.body)
    sent.headers = { ...headers[column], 'content-type': 'application/json' }
  }
  const answer = await fetch(t.url + path + (subject.query ?? ''), sent)
  await answer.arrayBuffer()
  return answer.status
}

interface Subject {
  headers?: Record<string, string>
  params?: Record<string, string>
  query?: string
  body?: unknown
}

/** Something of Alice's that nobody asked for before, and a request for it that makes sense. */
async function subjects(t: Test, alice: Person, vaultId: string, name: string, endpoint: Endpoint): Promise<Subject> {
  const n = ++fresh
  const file = async () => (await alice.put(`file ${n}.txt`, 'text', { vaultId })).id
  const folder = async () => (await alice.call(createFolder, { params: { vaultId }, body: { name: `Folder ${n}` } })).id
  const person = async () =>
    (
      await t.admin.call(createUser, {
        body: { email: `p${n}@example.org`, name: `P ${n}`, password: `${n} own words` },
      })
    ).id
  const member = async () => {
    const userId = await person()
    await alice.call(addMember, { params: { vaultId }, body: { userId, role: 'viewer' } })
    return { params: { userId } }
  }
  const upload = async () =>
    (await alice.call(createUpload, { params: { vaultId }, body: { path: `upload ${n}`, size: 2 } })).id
  const share = async () => (await alice.call(createShare, { body: { fileId: await file() } })).id
  const ofInvitation = async () => {
    const { url } = await t.admin.call(inviteUser, { params: { id: await person() } })
    return { params: { code: url.split('/join/')[1] ?? '' } }
  }

  const special: Record<string, () => Subject | Promise<Subject>> = {
    setUp: () => ({ body: { code: 'x', email: 'x@example.org', name: 'X', password: 'some long words' } }),
    login: () => ({ body: { email: `nobody${n}@example.org`, password: 'wrong' } }),
    changeMe: () => ({ body: { name: 'Same' } }),
    changePassword: () => ({ body: { current: 'x', password: 'some long words' } }),
    removeSession: () => ({ params: { id: 'none' } }),
    createToken: () => ({ body: { name: 'x', scopes: ['read'] } }),
    removeToken: async () => ({
      params: { id: (await alice.call(createToken, { body: { name: 'x', scopes: ['read'] } })).id },
    }),
    setQuota: async () => ({ body: { userId: await person(), maxBytes: 1e9 } }),
    createVault: () => ({ body: { name: `Vault ${n}` } }),
    addMember: async () => ({ body: { userId: await person(), role: 'viewer' } }),
    changeMember: async () => ({ ...(await member()), body: { role: 'editor' } }),
    removeMember: member,
    changeVault: () => ({ body: { name: 'Team' } }),
    changeAnyVault: () => ({ body: { quotaBytes: 1e11 } }),
    createFolder: () => ({ body: { name: `New ${n}` } }),
    changeFolder: async () => ({ params: { id: await folder() }, body: { color: 'red' } }),
    restoreFolder: async () => {
      const id = await folder()
      await alice.call(removeFolder, { params: { id } })
      return { params: { id } }
    },
    uploadFiles: () => ({ body: formOf({ [`upload ${n}.txt`]: 'x' }, { vaultId }) }),
    changeFile: async () => ({ params: { id: await file() }, body: { metadata: { status: 'new' } } }),
    copyFile: async () => ({ params: { id: await file() }, body: {} }),
    restoreFile: async () => {
      const id = await file()
      await alice.call(removeFile, { params: { id } })
      return { params: { id } }
    },
    setFavorite: async () => ({ params: { id: await file() }, body: { favorite: true } }),
    changeFiles: async () => ({ body: { ids: [await file()], action: 'delete' } }),
    setTags: async () => ({ params: { id: await file() }, body: { tags: ['x'] } }),
    downloadVersion: async () => ({ params: { id: await file(), n: '1' } }),
    restoreVersion: async () => {
      const id = await file()
      await alice.put(`file ${n}.txt`, 'newer', { vaultId, onConflict: 'replace' })
      return { params: { id, n: '1' } }
    },
    createUpload: () => ({ body: { path: `upload ${n}`, size: 2 } }),
    putChunk: async () => ({ params: { id: await upload(), index: '0' }, body: new Uint8Array(2) }),
    matchUpload: async () => ({ params: { id: await upload() }, query: '?level=blocks', body: new Uint8Array(0) }),
    putRanges: async () => ({ params: { id: await upload() }, body: new Uint8Array(2) }),
    createDownload: async () => ({ body: { fileIds: [await file()] } }),
    downloadSelection: async () => ({
      params: {
        id: (
          await client({ origin: t.url, token: alice.token }).call(createSelection, {
            body: { fileIds: [await file()] },
          })
        ).id,
      },
    }),
    createShare: async () => ({ body: { fileId: await file() } }),
    changeShare: async () => ({ params: { id: await share() }, body: { permission: 'view' } }),
    removeShare: async () => ({ params: { id: await share() } }),
    unlockShare: () => ({ body: { password: 'open sesame' } }),
    searchGuestFiles: () => ({ query: '?q=shared' }),
    previewShare: () => ({ query: '?path=shared.txt' }),
    shareThumbnail: () => ({ query: '?path=shared.txt' }),
    putGuestFile: () => ({ params: { path: `guest ${n}.txt` }, body: new Uint8Array(2) }),
    search: () => ({ query: '?q=shared' }),
    searchEverywhere: () => ({ query: '?q=shared' }),
    createUser: () => ({ body: { email: `u${n}@example.org`, name: 'U', password: `${n} own words` } }),
    changeUser: async () => ({ params: { id: await person() }, body: { name: 'Other' } }),
    removeUser: async () => ({ params: { id: await person() } }),
    endSessions: async () => ({ params: { id: await person() } }),
    inviteUser: async () => ({ params: { id: await person() } }),
    getInvitation: ofInvitation,
    acceptInvitation: async () => ({ ...(await ofInvitation()), body: { password: 'three small green boats' } }),
    forgotPassword: () => ({ body: { email: 'nobody@example.org' } }),
    changeSettings: () => ({ body: { keepTrashDays: 30 } }),
    metrics: () => ({ headers: { 'x-forwarded-for': '203.0.113.7' } }),
    retryJob: async () => {
      const job = { name: 'unknown', payload: 'null', run_at: t.core.now(), dead_at: t.core.now() }
      const { lastInsertRowid } = await t.core.index.write((tx) => tx.run(q.insertInto('job').values(job)))
      return { params: { id: String(lastInsertRowid) } }
    },
    setLogo: () => ({ body: Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) }),
  }
  const own = special[name]
  if (own) return own()
  if (!endpoint.path.includes(':id')) return {}
  if (endpoint.path.includes('/uploads/')) return { params: { id: await upload() } }
  return { params: { id: await (endpoint.path.includes('/folders/') ? folder() : file()) } }
}
