/** Searching several vaults as one, and searches that nobody waits for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApiProblem, client } from '../api/client.ts'
import { removeFile } from '../api/files.ts'
import { type SearchQuery, search, searchEverywhere } from '../api/search.ts'
import { createToken } from '../api/tokens.ts'
import { addMember, createVault, removeMember } from '../api/vaults.ts'
import { q } from '../index/query.ts'
import type { EngineQuery } from '../search/search.ts'
import type { Person } from '../testing/person.ts'
import { refused } from '../testing/refused.ts'
import { startTest, type Test } from '../testing/start.ts'

const everywhere = (person: Pick<Person, 'call'>, query: SearchQuery) => person.call(searchEverywhere, { query })

/** Alice's own vault, a team's of hers with Bob, and one of Bob's alone. */
async function threeVaults(t: Test) {
  const make = async (person: Person, name: string) => (await person.call(createVault, { body: { name } })).id
  const [team, his] = [await make(t.alice, 'Team'), await make(t.bob, 'His')]
  await t.alice.call(addMember, { params: { vaultId: team }, body: { email: 'bob@example.org', role: 'viewer' } })
  return { own: t.alice.vaultId, team, his }
}

test('a search over several vaults finds in those of the caller alone, and a token for one vault in that', async () => {
  await using t = await startTest()
  const { own, team, his } = await threeVaults(t)
  await t.alice.put('walrus own.txt', 'x', { vaultId: own, tags: 'hers' })
  await t.alice.put('walrus team.txt', 'x', { vaultId: team })
  await t.bob.put('walrus his.txt', 'x', { vaultId: his })
  const names = async (person: Pick<Person, 'call'>, query: SearchQuery = { q: 'walrus' }) => {
    const { files, total, facets } = await everywhere(person, query)
    assert.equal(total, files.length)
    assert.equal(facets.extensions[0]?.count ?? 0, total)
    return files.map(({ name }) => name.split(/[ .]/)[1]).sort()
  }
  assert.deepEqual(await names(t.alice), ['own', 'team'])
  assert.deepEqual(await names(t.bob), ['his', 'team'])
  assert.deepEqual(await names(t.admin), [])
  assert.deepEqual(await names(t.bob, { tag: ['hers'] }), [])
  await assert.rejects(t.visitor.call(searchEverywhere, { query: {} }), refused(401))
  const { token } = await t.alice.call(createToken, { body: { name: 'one', scopes: ['read'], vaultId: team } })
  const one = client({ origin: t.url, token })
  assert.deepEqual(await names(one), ['team'])
  await t.alice.call(removeMember, { params: { vaultId: team, userId: t.bob.id } })
  assert.deepEqual(await names(t.bob), ['his'])
  const hidden = await t.alice.put('x.txt', 'x', { vaultId: own, path: 'Secret' })
  await assert.rejects(everywhere(t.bob, { folder: hidden.folderId ?? '' }), refused(404))
})

test('several vaults answer as one would: in order, paged, with sums and filters, whichever engine answers', async () => {
  for (const engine of ['memory', 'fts']) {
    await using t = await startTest({ env: { FILEVAULT_SEARCH_ENGINE: engine } })
    const { own, team } = await threeVaults(t)
    for (let i = 0; i < 30; i++) {
      const vaultId = i % 3 === 0 ? team : own
      await t.alice.put(`img${i}${i % 2 ? ' walrus' : ''}.${i % 5 ? 'txt' : 'md'}`, 'x'.repeat(i), {
        vaultId,
        path: i % 4 ? 'A' : 'B/walrus',
        tags: `["t${i % 3}"]`,
        metadata: JSON.stringify(vaultId === team ? { status: 'open' } : { status: i % 2 ? 'open' : 'shut' }),
      })
    }
    for (const query of [
      { sort: 'name' },
      { sort: 'name', order: 'desc' },
      { sort: 'size' },
      { sort: 'updatedAt', order: 'asc' },
      { sort: 'extension' },
      { q: 'walrus' },
      { q: 'img', tag: ['t1', 't2'] },
      { q: 'status:open', sort: 'size' },
      { q: 'in:/B', sort: 'createdAt' },
    ] as SearchQuery[]) {
      const all = await everywhere(t.alice, { ...query, limit: 100 })
      assert.equal(all.engine, engine)
      const each = await Promise.all(
        [own, team].map((vaultId) => t.alice.call(search, { params: { vaultId }, query: { ...query, limit: 100 } })),
      )
      const said = JSON.stringify(query)
      assert.equal(
        all.total,
        each.reduce((sum, { total }) => sum + total, 0),
        said,
      )
      assert.ok(all.total > 3, said)
      // Each vault's own order is kept, and all of both are there.
      const ids = all.files.map(({ id }) => id)
      for (const { files } of each) {
        const its = new Set(files.map(({ id }) => id))
        assert.deepEqual(
          ids.filter((id) => its.has(id)),
          files.map(({ id }) => id),
          said,
        )
      }
      for (const facet of ['types', 'extensions', 'tags'] as const)
        for (const { value, count } of all.facets[facet])
          assert.equal(
            count,
            each
              .flatMap((one) => one.facets[facet].filter((it) => it.value === value))
              .reduce((sum, one) => sum + one.count, 0),
            said,
          )
      const paged: string[] = []
      for (let offset = 0; offset < all.total; offset += 4)
        paged.push(...(await everywhere(t.alice, { ...query, limit: 4, offset })).files.map(({ id }) => id))
      assert.deepEqual(paged, ids, said)
    }
    const bySize = await everywhere(t.alice, { sort: 'size', limit: 100 })
    assert.deepEqual(
      bySize.files.map(({ size }) => size),
      Array.from({ length: 30 }, (_, i) => 29 - i),
    )
    const byName = await everywhere(t.alice, { sort: 'name', limit: 100 })
    assert.deepEqual(
      byName.files.map(({ name }) => Number(/\d+/.exec(name))),
      Array.from({ length: 30 }, (_, i) => i),
    )
    const relevant = await everywhere(t.alice, { q: 'walrus', limit: 100 })
    const isInName = relevant.files.map(({ name }) => name.includes('walrus'))
    assert.ok(isInName.lastIndexOf(true) < isInName.indexOf(false), 'names come before folders, whatever the vault')
    assert.equal(relevant.files[0]?.name, 'img29 walrus.txt')
    await assert.rejects(everywhere(t.alice, { offset: 9_999 }), refused(422))
    await t.alice.call(removeFile, { params: { id: relevant.files[0]?.id ?? '' }, query: {} })
    assert.equal((await everywhere(t.alice, { q: 'walrus' })).total, relevant.total - 1)
  }
})

/** Keeps so many searches before the engine, whatever it answers, until it is disposed of. */
function busyEngine(t: Test, searches: number): AsyncDisposable {
  let isOver = false
  const vaultNo = t.core.index.read.get(q.selectFrom('vault').select('no').where('id', '=', t.alice.vaultId))?.no ?? 0
  const lists = { extensions: [], types: [], tags: [], metadata: {}, without: [] }
  const query: EngineQuery = {
    vaultNo,
    text: 'walrus',
    exact: false,
    ...lists,
    sort: 'name',
    order: 'asc',
    limit: 1,
    offset: 0,
  }
  const again = async () => {
    while (!isOver) await t.core.search.find(query).catch(() => new Promise(setImmediate))
  }
  const all = Array.from({ length: searches }, again)
  return {
    async [Symbol.asyncDispose]() {
      isOver = true
      await Promise.all(all)
    },
  }
}

test('of 500 searches at once those that cannot wait are told when to come again, none fails, and all is well after', async (c) => {
  await using t = await startTest()
  for (let i = 0; i < 50; i++) await t.alice.put(`walrus ${i}.txt`, 'x')
  const params = { vaultId: t.alice.vaultId }
  await t.alice.call(search, { params, query: { q: 'walrus' } })
  {
    await using _busy = busyEngine(t, 190)
    const statuses = await Promise.all(
      Array.from({ length: 500 }, (_, i) =>
        t.alice.call(search, { params, query: { q: `walrus ${i % 50}` } }).then(
          ({ total }) => (total > 0 ? 200 : 0),
          (problem: ApiProblem) => (problem.retryAfter === 1 ? problem.status : 0),
        ),
      ),
    )
    const count = (status: number) => statuses.filter((one) => one === status).length
    c.diagnostic(`${count(200)} answered, ${count(429)} refused`)
    assert.equal(count(200) + count(429), 500)
    assert.ok(count(200) > 0 && count(429) > 0)
  }
  const { waiting, running } = t.core.search.counts
  assert.deepEqual([waiting, running], [0, 0])
  assert.equal((await t.alice.call(search, { params, query: { q: 'walrus 7' } })).total, 1)
})

test('a search whose client has gone, or that a newer one of the same field followed, costs the engine nothing', async () => {
  await using t = await startTest()
  for (let i = 0; i < 20; i++) await t.alice.put(`walrus ${i}.txt`, 'x')
  const params = { vaultId: t.alice.vaultId }
  const ask = (query: SearchQuery, signal?: AbortSignal) =>
    t.alice.call(search, { params, query }, signal ? { signal } : {}).then(
      () => 200,
      (problem: ApiProblem) => problem.status,
    )
  await ask({ q: 'walrus' })
  await using _busy = busyEngine(t, 40)
  const typed = 'walrus'.split('').map((_, i) => ask({ q: 'walrus'.slice(0, i + 1), client: 'field' }))
  const others = ['a', 'b'].map((one) => ask({ q: 'walrus', client: one }))
  const statuses = await Promise.all(typed)
  // Which of them came last is the network's to say.
  assert.ok(statuses.includes(200) && statuses.includes(409), statuses.join())
  assert.deepEqual(await Promise.all(others), [200, 200])
  const { dropped } = t.core.search.counts
  assert.equal(dropped, statuses.filter((status) => status === 409).length)
  const stop = new AbortController()
  const gone = Array.from({ length: 20 }, () => ask({ q: 'walrus' }, stop.signal))
  while (t.core.search.counts.waiting < 45) await new Promise(setImmediate)
  stop.abort()
  await Promise.all(gone)
  while (t.core.search.counts.dropped < dropped + 5) await new Promise(setImmediate)
})
