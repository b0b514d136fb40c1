import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { types } from 'node:util'
import os from 'osier'
import { frontDoors } from '../tools/front_doors.ts'

/** The default export of each front door: an object with its names, which tests of other programs may replace. */

type Names = Readonly<Record<string, unknown>>

/** What `osier/sjs` has in its default export alone: a module cannot export a getter. */
const added: Readonly<Record<string, readonly string[]>> = { 'osier/sjs': ['cwd'] }
/** What `osier/micropython` exports beside its `os`. */
const beside: Readonly<Record<string, readonly string[]>> = { 'osier/micropython': ['vfs'] }

for (const door of frontDoors) {
  const module: Names = await import(door)
  const object = module.default as Names

  describe(`the default export of ${door}`, () => {
    test('there is one, an ordinary object', () => {
      const advice = `end the module with: export * as default from './${door.split('/').at(-1)}.ts'`
      assert.equal(typeof object, 'object', advice)
      assert.ok(!types.isModuleNamespaceObject(object), advice)
      assert.equal(Object.getPrototypeOf(object), Object.prototype)
    })

    test('it has all names, and nothing else', () => {
      const names = Object.keys(module).filter((name) => name !== 'default' && !beside[door]?.includes(name))
      assert.deepEqual(Object.keys(object).sort(), [...names, ...(added[door] ?? [])].sort())
      for (const name of names) assert.equal(object[name], module[name], name)
    })

    test('each can be replaced and restored', () => {
      for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
        const { configurable, enumerable, writable, get } = descriptor
        assert.deepEqual([configurable, enumerable], [true, true], name)
        assert.ok(writable || get !== undefined, name)
        if (typeof object[name] !== 'function') continue
        const before = object[name]
        const names = object as Record<string, unknown>
        names[name] = () => 'replaced'
        assert.equal((names[name] as () => unknown)(), 'replaced')
        names[name] = before
        assert.equal(object[name], before)
      }
    })
  })
}

test('os.path and os.promises are the default exports of osier/path and osier/promises', async () => {
  for (const name of ['path', 'promises'] as const) {
    const module = await import(`osier/${name}`)
    assert.equal(os[name], module.default)
    assert.equal((await import('osier'))[name], module.default)
  }
})

test('what is replaced stays as it is behind the named export, and for osier itself', async (t) => {
  const { mock } = (await import('node:test')) as Partial<typeof import('node:test')>
  if (mock === undefined) return t.skip('this harness has no mock')
  const { getcwd, path } = await import('osier')
  const replaced = mock.method(os, 'getcwd', () => '/replaced')
  assert.deepEqual([os.getcwd(), getcwd(), path.abspath('a')], ['/replaced', process.cwd(), `${process.cwd()}/a`])
  replaced.mock.restore()
})

test('CommonJS gets the same objects', (t) => {
  if (!process.features.require_module) return t.skip(`this runtime cannot require an ES module`)
  const require = createRequire(import.meta.url)
  assert.equal(require('osier').default, os)
  assert.equal(require('osier/path').default, os.path)
  assert.equal(require('osier').stat, os.stat)
})
