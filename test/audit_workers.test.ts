import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { temporaryFolder } from './support/folder.ts'

const folder = temporaryFolder()
const osier = import.meta.resolve('osier')

/** Writes modules to a new folder: the URL of each, by its name. */
function modules(texts: Readonly<Record<string, string>>): Record<string, string> {
  const place = mkdtempSync(join(folder, 'modules-'))
  const written = Object.entries(texts).map(([name, text]) => {
    writeFileSync(join(place, name), text)
    return [name, pathToFileURL(join(place, name)).href]
  })
  return Object.fromEntries(written) as Record<string, string>
}

/** Answers with what becomes of calls that a hook should refuse; a worker that it starts answers with its own, too. */
const WORKER = `
import os from '${osier}'
import { parentPort, Worker, workerData } from 'node:worker_threads'
const found = []
try { os.mkdir('made'); found.push('made'); os.rmdir('made') } catch (error) { found.push(error.message) }
await os.promises.mkdir('made').then(() => found.push('made'), (error) => found.push(error.message))
await os.promises.rmdir('made').catch(() => undefined)
if (workerData === 'nested') {
  const worker = new Worker(new URL(import.meta.url))
  worker.on('message', (answer) => parentPort.postMessage([...found, ...answer]))
} else parentPort.postMessage(found)
`

const HOOK = `
import os from '${osier}'
os.listdir('/')
export default (event, args) => { if (event === 'os.mkdir') throw new Error('no ' + args[0]) }
`

/** What a program prints, in which `answerOf` starts a worker and returns its answer. */
function answers(texts: Readonly<Record<string, string>>, program: string): unknown {
  const urls = modules({ 'worker.mjs': WORKER, ...texts })
  const { 'main.mjs': main = '' } = modules({
    'main.mjs': `
      import os from '${osier}'
      import { once } from 'node:events'
      import { Worker } from 'node:worker_threads'
      const urls = ${JSON.stringify(urls)}
      const answerOf = async (options) => {
        const worker = new Worker(new URL(urls['worker.mjs']), options)
        const [answer] = await once(worker, 'message')
        return answer
      }
      const codeOf = (action) => { try { action(); return null } catch (error) { return error.code ?? error.message } }
      ${program}`,
  })
  const cwd = mkdtempSync(join(folder, 'place-'))
  const child = spawnSync(process.execPath, [fileURLToPath(main)], { cwd, encoding: 'utf8', timeout: 60_000 })
  assert.equal(child.status, 0, child.stderr)
  assert.doesNotMatch(child.stderr, /Warning/)
  return JSON.parse(child.stdout)
}

describe('a hook that is a function', () => {
  test('is not called in a worker', () => {
    const found = answers(
      {},
      `os.addaudithook((event) => { if (event === 'os.mkdir') throw new Error('no') })
      console.log(JSON.stringify([codeOf(() => os.mkdir('made')), await answerOf({})]))`,
    )
    assert.deepEqual(found, ['no', ['made', 'made']])
  })
})

describe('a hook that is a module', () => {
  for (const [name, text] of [
    ['hook.mjs', HOOK],
    ['hook.cjs', `module.exports = (event, args) => { if (event === 'os.mkdir') throw new Error('no ' + args[0]) }`],
  ] as const) {
    test(`applies to this thread and to the workers that start later, whatever their options are: ${name}`, () => {
      const found = answers(
        { [name]: text },
        `const before = await answerOf({})
        os.addaudithook(new URL(urls['${name}']))
        const here = codeOf(() => os.mkdir('made'))
        const later = []
        for (const options of [{}, { execArgv: [] }, { env: {} }, { workerData: 'nested' }]) later.push(await answerOf(options))
        console.log(JSON.stringify({ before, here, later }))`,
      )
      const refused = ['no made', 'no made']
      assert.deepEqual(found, {
        before: ['made', 'made'],
        here: 'no made',
        later: [refused, refused, refused, [...refused, ...refused]],
      })
    })
  }

  test('applies beside others, in the order in which they were added', () => {
    const other = `export default (event) => { if (event === 'os.mkdir') throw new Error('the second') }`
    const found = answers(
      {
        'first.mjs': 'export default () => undefined',
        'second.mjs': other,
        'hook.mjs': HOOK,
      },
      `for (const name of ['first.mjs', 'second.mjs', 'hook.mjs']) os.addaudithook(new URL(urls[name]))
      console.log(JSON.stringify(await answerOf({})))`,
    )
    assert.deepEqual(found, ['the second', 'the second'])
  })

  test('refuses every call of a worker where it cannot be loaded', () => {
    const found = answers(
      { 'hook.mjs': HOOK },
      `os.addaudithook(new URL(urls['hook.mjs']))
      const { unlinkSync } = await import('node:fs')
      unlinkSync(new URL(urls['hook.mjs']))
      const answer = await answerOf({})
      console.log(JSON.stringify(answer.map((message) => /hook\\.mjs/.test(message))))`,
    )
    assert.deepEqual(found, [true, true])
  })

  test('has to export a function by default, and is not loaded if an earlier hook refuses it', () => {
    const found = answers(
      {
        'none.mjs': 'export const hook = () => undefined',
        'fails.mjs': `throw new Error('fails')`,
        'loaded.mjs': `globalThis.isLoaded = true; export default () => undefined`,
      },
      `const codes = ['none.mjs', 'fails.mjs'].map((name) => codeOf(() => os.addaudithook(new URL(urls[name]))))
      // Deno puts the stack of the error into its message.
      codes[1] = /fails/.test(codes[1])
      codes.push(codeOf(() => os.addaudithook(new URL('https://example.org/hook.mjs'))) !== null)
      const answer = await answerOf({})
      os.addaudithook((event) => { if (event === 'sys.addaudithook') throw new Error('no more') })
      codes.push(codeOf(() => os.addaudithook(new URL(urls['loaded.mjs']))), globalThis.isLoaded === undefined)
      console.log(JSON.stringify({ codes, answer }))`,
    )
    assert.deepEqual(found, {
      codes: ['ERR_INVALID_ARG_TYPE', true, true, 'no more', true],
      answer: ['made', 'made'],
    })
  })
})
