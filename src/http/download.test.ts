/** Downloads over real sockets: the right bytes, closed files, and nothing that runs in our origin. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFileSync, chmodSync, readdirSync, readlinkSync, rmSync, truncateSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { changeFile, download, removeFile } from '../api/files.ts'
import { q } from '../index/query.ts'
import { startTest, type Test } from '../testing/start.ts'
import { disposition } from './download.ts'

const letters = 'abcdefghijklmnopqrstuvwxyz'

test("nobody gets somebody else's bytes, by GET or by HEAD", async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('secret.txt', 'for me')
  for (const method of ['GET', 'HEAD'])
    for (const [headers, status] of [
      [{ authorization: `Bearer ${t.bob.token}` }, 404],
      [{ authorization: `Bearer ${t.admin.token}` }, 404],
      [{}, 401],
    ] as const) {
      const answer = await fetch(t.alice.url(download, { params: { id } }), { method, headers })
      assert.equal(answer.status, status)
      assert.doesNotMatch(await answer.text(), /for me/)
    }
})

test('a range is answered as RFC 9110 says', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('letters.txt', letters)
  const many = Array.from({ length: 1000 }, (_, i) => `${i % 20}-${(i % 20) + 3}`).join(',')
  for (const [range, status, body, contentRange] of [
    ['bytes=0-2', 206, 'abc', 'bytes 0-2/26'],
    ['bytes=10-12', 206, 'klm', 'bytes 10-12/26'],
    ['bytes=20-', 206, 'uvwxyz', 'bytes 20-25/26'],
    ['bytes=-3', 206, 'xyz', 'bytes 23-25/26'],
    ['bytes=-99', 206, letters, 'bytes 0-25/26'],
    ['bytes=25-999999999', 206, 'z', 'bytes 25-25/26'],
    ['bytes=26-', 416, '', 'bytes */26'],
    ['bytes=999999999999999-', 416, '', 'bytes */26'],
    ['bytes=-0', 416, '', 'bytes */26'],
    ['bytes=5-2', 200, letters, null],
    ['bytes=0-1,30-40', 206, 'ab', 'bytes 0-1/26'],
    ['bytes=30-40,50-', 416, '', 'bytes */26'],
    ['bytes=0-1,x', 200, letters, null],
    ['bytes=0-5,5-9', 200, letters, null],
    ['bytes=0-,0-', 200, letters, null],
    ['bytes=-5,22-23', 200, letters, null],
    [`bytes=${many}`, 200, letters, null],
    ['lines=1-2', 200, letters, null],
    ['bytes=99999999999999999999-', 200, letters, null],
  ] as const) {
    const answer = await t.alice.get(id, { range })
    assert.equal(answer.status, status, range)
    assert.equal(await answer.text(), body, range)
    assert.equal(answer.headers.get('content-range'), contentRange, range)
    if (status !== 416) assert.equal(answer.headers.get('content-length'), String(body.length))
  }
  const { id: empty } = await t.alice.put('empty', '')
  assert.equal((await t.alice.get(empty, { range: 'bytes=0-' })).status, 416)
})

test('several ranges come as parts, each with its place, and only a few of them', async () => {
  await using t = await startTest()
  const content = Buffer.from(letters.repeat(80_000))
  const { id, mimeType } = await t.alice.put('letters.txt', content)
  const size = content.length
  const sixteen = Array.from({ length: 16 }, (_, i) => [i * 100_000, i * 100_000 + 90_000 - i] as const)
  for (const ranges of [
    [
      [0, 1],
      [size - 3, size - 1],
    ],
    [
      [1000, 1_500_000],
      [0, 10],
      [1_900_000, 1_900_000],
    ],
    sixteen,
  ] as (readonly [number, number])[][]) {
    const range = `bytes=${ranges.map(([start, end]) => `${start}-${end}`).join(', ')}`
    const answer = await t.alice.get(id, { range })
    assert.equal(answer.status, 206, range)
    assert.equal(answer.headers.get('content-range'), null)
    const body = Buffer.from(await answer.arrayBuffer())
    assert.equal(answer.headers.get('content-length'), String(body.length))
    assert.match(answer.headers.get('repr-digest') ?? '', /^sha-256=:/)
    const parts = partsOf(answer.headers.get('content-type') ?? '', body)
    assert.deepEqual(
      parts.map(({ head }) => head),
      ranges.map(([start, end]) => [`content-type: ${mimeType}`, `content-range: bytes ${start}-${end}/${size}`]),
    )
    for (const [i, [start, end]] of ranges.entries())
      assert.ok(parts[i]?.body.equals(content.subarray(start, end + 1)), `${start}-${end}`)
    const head = await fetch(t.alice.url(download, { params: { id } }), {
      method: 'HEAD',
      headers: { range, authorization: `Bearer ${t.alice.token}` },
    })
    assert.equal(head.status, 206)
    assert.equal(head.headers.get('content-length'), String(body.length))
  }
  const etag = (await t.alice.get(id, { range: 'bytes=0-0' })).headers.get('etag') ?? ''
  for (const [validator, status] of [
    [etag, 206],
    ['"other"', 200],
  ] as const) {
    const answer = await t.alice.get(id, { range: 'bytes=0-1,5-6', 'if-range': validator })
    assert.equal(answer.status, status)
    await answer.arrayBuffer()
  }
  const seventeen = Array.from({ length: 17 }, (_, i) => `${i * 10}-${i * 10 + 1}`).join()
  const tooMany = await t.alice.get(id, { range: `bytes=${seventeen}` })
  assert.equal(tooMany.status, 200)
  await tooMany.arrayBuffer()
})

test('a file that is not as long as it was, or not there, is a fault that is said before anything is sent', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', letters)
  const { object_id: object } = t.core.index.read.get(q.selectFrom('version').select('object_id')) ?? { object_id: '' }
  const path = t.core.volume.objectPath(t.alice.vaultId, object)
  chmodSync(path, 0o600)
  for (const damage of [
    () => truncateSync(path, 20),
    () => appendFileSync(path, 'more than before'),
    () => rmSync(path),
  ]) {
    damage()
    for (const range of ['bytes=0-', 'bytes=0-1', 'bytes=0-1,3-4'])
      assert.equal((await t.alice.get(id, { range })).status, 503)
  }
  assert.equal(open(t), 0)
})

test('a client that does not read holds a few buffers, not a file', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('large.bin', Buffer.alloc(50_000_000, 'x'))
  const address = new URL(t.alice.url(download, { params: { id } }))
  const before = process.memoryUsage().rss
  const sockets = Array.from({ length: 20 }, () => {
    const socket = connect(Number(address.port), '127.0.0.1')
    socket.pause().on('error', () => {})
    socket.write(`GET ${address.pathname} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${t.alice.token}\r\n\r\n`)
    return socket
  })
  for (let tries = 0; tries < 40 && open(t) < 20; tries++) await sleep(50)
  await sleep(200)
  assert.equal(open(t), 20)
  const held = process.memoryUsage().rss - before
  assert.ok(held < 20 * 3_000_000, `${held} bytes`)
  for (const socket of sockets) socket.destroy()
  for (let tries = 0; tries < 60 && open(t) > 0; tries++) await sleep(50)
  assert.equal(open(t), 0)
})

test('conditions are held against the digest of the content', async () => {
  await using t = await startTest()
  const content = Buffer.from(letters.repeat(10_000))
  const { id } = await t.alice.put('big.txt', content)
  const digest = createHash('sha256').update(content).digest()
  const whole = await t.alice.get(id)
  const etag = `"${digest.toString('hex')}"`
  assert.equal(whole.headers.get('etag'), etag)
  assert.equal(whole.headers.get('repr-digest'), `sha-256=:${digest.toString('base64')}:`)
  assert.ok(Buffer.from(await whole.arrayBuffer()).equals(content))
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const answer = await t.alice.get(id, { 'if-none-match': known })
    assert.equal(answer.status, 304, known)
    assert.equal(answer.headers.get('etag'), etag)
    assert.equal(await answer.text(), '')
  }
  assert.equal((await t.alice.get(id, { 'if-none-match': '"other"' })).status, 200)
  const date = whole.headers.get('last-modified') ?? ''
  for (const [validator, status] of [
    [etag, 206],
    [date, 206],
    ['"other"', 200],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 200],
    [`W/${etag}`, 200],
  ] as const)
    assert.equal((await t.alice.get(id, { range: 'bytes=0-9', 'if-range': validator })).status, status, validator)
})

test('any name becomes one well-formed header', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('start.txt', 'x')
  for (const name of [
    'it\'s "quoted"; x=y.txt',
    'back%0d%0aSet-Cookie: a=b.txt',
    '日本語.txt',
    'Accusé*(1).pdf',
    '😀.txt',
    '%41.txt',
    'é'.repeat(127),
  ]) {
    await t.alice.call(changeFile, { params: { id }, body: { name } })
    const answer = await t.alice.get(id)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('set-cookie'), null)
    const [, plain = '', exact = ''] =
      /^attachment; filename="([^"\\]*)"; filename\*=UTF-8''([\w%.!#$&+^`|~-]+)$/.exec(
        answer.headers.get('content-disposition') ?? '',
      ) ?? []
    assert.equal(decodeURIComponent(exact), name)
    assert.match(plain, /^[\x20-\x7e]+$/)
  }
  assert.equal(disposition('inline', 'Blüte.txt'), `inline; filename="Blute.txt"; filename*=UTF-8''Bl%C3%BCte.txt`)
})

test('what could run is sent as a download into a sandbox, whatever it is called and however it is asked for', async () => {
  await using t = await startTest()
  const html = '<!doctype html><html><script>parent.hacked = 1</script></html>'
  const svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>hacked()</script></svg>'
  const files = await t.alice.putAll({
    'page.html': html,
    'page.xhtml': `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>1</script></html>`,
    'data.xml': '<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>',
    'mail.mhtml': 'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n',
    'drawing.svg': svg,
    'drawing.png': svg,
    'page.jpg': html,
    'plain.txt': html,
    'script.js': 'hacked()',
  })
  for (const { id, name } of files)
    for (const query of ['', '?inline=true']) {
      const answer = await t.alice.get(id, {}, query)
      const type = answer.headers.get('content-type') ?? ''
      const inline = (answer.headers.get('content-disposition') ?? '').startsWith('inline')
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', name)
      assert.equal(answer.headers.get('content-security-policy'), "default-src 'none'; sandbox", name)
      assert.equal(answer.headers.get('cross-origin-resource-policy'), 'same-origin', name)
      if (inline) assert.match(type, /^(text\/plain; charset=utf-8|image\/(png|jpeg))$/, `${name}${query}`)
      if (query === '') assert.ok(!inline, name)
      await answer.arrayBuffer()
    }
  const svgs = files.filter(({ name }) => name.startsWith('drawing'))
  for (const { id, name } of svgs) {
    const answer = await t.alice.get(id, {}, '?inline=true')
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment/, name)
  }
})

test('a type that the client claims is never what the browser is told for bytes that are something else', async () => {
  await using t = await startTest()
  const form = new FormData()
  form.append('files', new Blob(['<script>1</script>'], { type: 'text/html' }), 'innocent.bin')
  const made = await fetch(`${t.url}/api/files/upload`, {
    method: 'POST',
    body: form,
    headers: { authorization: `Bearer ${t.alice.token}` },
  })
  const { files } = (await made.json()) as { files: { id: string }[] }
  const answer = await t.alice.get(files[0]?.id ?? '', {}, '?inline=true')
  assert.doesNotMatch(answer.headers.get('content-type') ?? '', /html/)
})

test('a file in the trash can still be looked at, one that was removed not', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'a')
  await t.alice.call(removeFile, { params: { id } })
  assert.equal((await t.alice.get(id)).status, 200)
  await t.alice.call(removeFile, { params: { id }, query: { permanently: true } })
  assert.equal((await t.alice.get(id)).status, 404)
})

test('HEAD, downloads that are broken off, and refusals leave no file open', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('large.bin', Buffer.alloc(8_000_000, 'x'))
  const address = new URL(t.alice.url(download, { params: { id } }))
  const headers = { authorization: `Bearer ${t.alice.token}` }
  for (let i = 0; i < 50; i++) {
    const answer = await fetch(address, { method: 'HEAD', headers })
    assert.equal(answer.headers.get('content-length'), '8000000')
  }
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const asked = request(address, { headers })
      asked.on('error', () => {})
      asked.on('response', (answer) => {
        answer.on('error', () => {})
        answer.once('data', () => (i % 2 ? asked.destroy() : setTimeout(() => asked.destroy(), 20)))
      })
      asked.end()
      await new Promise((resolve) => asked.once('close', resolve))
    }),
  )
  // One that never reads its answer, then goes.
  const socket = connect(Number(address.port), '127.0.0.1')
  socket.write(`GET ${address.pathname} HTTP/1.1\r\nhost: x\r\nauthorization: ${headers.authorization}\r\n\r\n`)
  await sleep(50)
  socket.destroy()
  for (let i = 0; i < 20; i++) await t.alice.get(id, { range: 'bytes=9999999-' })
  for (let tries = 0; tries < 60 && open(t) > 0; tries++) await sleep(50)
  assert.equal(open(t), 0)
})

/** The parts of a multipart body, read as RFC 2046 has it. */
function partsOf(type: string, body: Buffer): { head: string[]; body: Buffer }[] {
  const [, boundary = ''] = /^multipart\/byteranges; boundary=([\w-]{1,70})$/.exec(type) ?? []
  const delimiter = `\r\n--${boundary}`
  const sections = `\r\n${body.toString('latin1')}`.split(delimiter)
  assert.equal(sections[0], '')
  assert.equal(sections.at(-1), '--\r\n')
  return sections.slice(1, -1).map((section) => {
    const at = section.indexOf('\r\n\r\n')
    return { head: section.slice(2, at).split('\r\n'), body: Buffer.from(section.slice(at + 4), 'latin1') }
  })
}

/** Descriptors of this process, which is the server too, on stored bytes. */
function open(t: Test): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).slice(t.directory.length).includes('/objects/')
    } catch {
      return false // the descriptor of this very listing
    }
  }).length
}
