import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as syslog from 'osier/syslog'
import { askNode, runNode } from './support/child.ts'
import { askPython, noPython } from './support/python.ts'
import { runtime } from './support/runtime.ts'
import { logged, noLogger } from './support/system_logger.ts'
import { inWorker } from './support/worker.ts'

const notDeno = runtime === 'Deno' && 'Deno: it runs a file with a subcommand only'

const IMPORT = `import * as syslog from '${import.meta.resolve('osier/syslog')}'\n`

function program(code: string): string[] {
  return [process.execPath, '--expose-gc', '--input-type=module', '-e', IMPORT + code]
}

test('constants, LOG_MASK and LOG_UPTO are those of Python', { skip: noPython }, () => {
  const names = Object.keys(syslog).filter((name) => /^LOG_(?!MASK|UPTO)/.test(name))
  assert.ok(names.length >= 34)
  const [values, masks] = askPython<[(number | null)[], number[][]]>(`
import json, syslog
values = [getattr(syslog, name, None) for name in ${JSON.stringify(names)}]
print(json.dumps([values, [[syslog.LOG_MASK(n), syslog.LOG_UPTO(n)] for n in range(8)]]))`)
  // CPython before 3.13 has fewer.
  for (const [index, name] of names.entries()) {
    if (values[index] !== null) assert.equal((syslog as Readonly<Record<string, unknown>>)[name], values[index], name)
  }
  assert.ok(values.filter((value) => value !== null).length >= 30)
  assert.deepEqual(
    masks,
    [...Array(8).keys()].map((level) => [syslog.LOG_MASK(level), syslog.LOG_UPTO(level)]),
  )
})

/** Calls that both languages write alike, but for `await`. */
const CALLS = `
syslog.openlog("first", syslog.LOG_PID, syslog.LOG_LOCAL3)
syslog.syslog("100% %s %n %d")
syslog.syslog(syslog.LOG_ERR, "an error")
syslog.syslog(syslog.LOG_ERR | syslog.LOG_MAIL, "of mail")
syslog.setlogmask(syslog.LOG_UPTO(syslog.LOG_WARNING))
syslog.syslog(syslog.LOG_NOTICE, "not sent")
syslog.syslog(syslog.LOG_WARNING, "sent")
syslog.setlogmask(syslog.LOG_UPTO(syslog.LOG_DEBUG))
syslog.closelog()
syslog.closelog()
syslog.openlog("caf\\u00e9")
syslog.syslog("na\\u00efve\\ntwo lines")
syslog.syslog("")
syslog.syslog("x" * 3000)
`

describe('what arrives at /dev/log', { skip: noLogger }, () => {
  test('is what Python sends', () => {
    const ours = logged(...program(CALLS.replace('"x" * 3000', '"x".repeat(3000)')))
    assert.deepEqual([ours.stderr, ours.status], ['', 0])
    const pythons = logged('python3', '-X', 'utf8', '-c', `import syslog\n${CALLS}`)
    assert.deepEqual(ours.messages, pythons.messages)
    assert.equal(ours.messages[0], '<158><time> first[<pid>]: 100% %s %n %d')
    assert.equal(ours.messages.length, 8 - 1)
  })

  test('may be bytes, and of any length that the logger takes', () => {
    const { messages, stderr } = logged(
      ...program(`
        syslog.openlog(Buffer.from('caf\\xe9', 'latin1'))
        syslog.syslog(Buffer.from('\\xff\\xfe', 'latin1'))
        syslog.syslog('\\udcff')
        syslog.syslog('y'.repeat(100_000))
        syslog.syslog('z'.repeat(4_000_000))`),
    )
    assert.equal(stderr, '')
    assert.deepEqual(messages.slice(0, 2), ['<14><time> caf\xe9: \xff\xfe', '<14><time> caf\xe9: \xff'])
    assert.equal(messages[2], `<14><time> caf\xe9: ${'y'.repeat(100_000)}`)
  })

  test('has the identity although its memory in JavaScript is gone', () => {
    const { messages, stderr } = logged(
      ...program(`
        for (let round = 0; round < 200; round++) {
          syslog.openlog(['a', 'long', 'identity', round].join('-'))
          if (round % 20 === 0) gc()
          Buffer.allocUnsafeSlow(100_000).fill(0x41)
          syslog.syslog(String(round))
        }`),
    )
    assert.equal(stderr, '')
    assert.deepEqual(
      messages,
      [...Array(200).keys()].map((round) => `<14><time> a-long-identity-${round}: ${round}`),
    )
  })

  test('comes from workers and the promises too', () => {
    const { messages, stderr } = logged(
      ...program(`
        import { Worker } from 'node:worker_threads'
        import { once } from 'node:events'
        syslog.openlog('main')
        await syslog.promises.syslog(syslog.LOG_ERR, 'a promise')
        await syslog.promises.syslog('of a message alone')
        const code = 'import("${import.meta.resolve('osier/syslog')}").then(({ syslog }) => syslog("a worker"))'
        await once(new Worker(code, { eval: true }), 'exit')
        syslog.syslog('after it')
        const aborted = AbortSignal.abort()
        await syslog.promises.syslog(3, 'never', { signal: aborted }).catch((error) => syslog.syslog(error.name))`),
    )
    assert.equal(stderr, '')
    const texts = ['<11><time> main: a promise', ...['of a message alone', 'a worker', 'after it', 'AbortError']]
    assert.deepEqual(
      messages,
      texts.map((text, index) => (index === 0 ? text : `<14><time> main: ${text}`)),
    )
  })
})

test('the name of the program is the identity without one, as in Python', { skip: notDeno }, () => {
  const program = `
    import { writeFileSync } from 'node:fs'
    import { execFileSync } from 'node:child_process'
    writeFileSync('my program.mjs', \`${IMPORT}
      syslog.openlog({ logoption: syslog.LOG_PERROR, facility: syslog.LOG_DAEMON })
      syslog.syslog('text')\`)
    const child = execFileSync('sh', ['-c', '"$0" "my program.mjs" 2>&1', process.execPath])
    console.log(JSON.stringify(String(child)))`
  assert.equal(askNode<string>(program), 'my program.mjs: text\n')
})

test('LOG_PERROR writes to standard error, also with no logger', () => {
  const { stderr, status } = runNode(`${IMPORT}
    syslog.openlog('name', syslog.LOG_PERROR | syslog.LOG_PID)
    syslog.syslog('percent %s')`)
  assert.equal(status, 0)
  assert.match(stderr, /^name\[\d+\]: percent %s\n$/)
})

test('hooks see the calls as Python raises them, and can refuse', () => {
  const events = askNode<unknown[]>(`${IMPORT}
    const events = []
    let refused = false
    os.addaudithook((event, args) => {
      // Without a program in a file there may be no name, or one that the runtime makes up.
      events.push([event, ...args.map((arg, index) => (event === 'syslog.openlog' && index === 0 && arg !== 'name' ? null : arg))])
      if (refused) throw new Error('no')
    })
    syslog.syslog('text')
    syslog.openlog('name', 1, syslog.LOG_MAIL)
    syslog.setlogmask(0)
    syslog.closelog()
    syslog.closelog()
    refused = true
    for (const call of [() => syslog.openlog(), () => syslog.closelog(), () => syslog.syslog('a'), () => syslog.setlogmask(0)])
      try { call() } catch (error) { events.push(error.message) }
    console.log(JSON.stringify(events))`)
  assert.deepEqual(events, [
    ['syslog.syslog', syslog.LOG_INFO, 'text'],
    ['syslog.openlog', null, 0, syslog.LOG_USER],
    ['syslog.openlog', 'name', 1, syslog.LOG_MAIL],
    ['syslog.setlogmask', 0],
    ['syslog.closelog'],
    ['syslog.closelog'],
    ['syslog.openlog', null, 0, syslog.LOG_USER],
    'no',
    ['syslog.closelog'],
    'no',
    ['syslog.syslog', syslog.LOG_INFO, 'a'],
    'no',
    ['syslog.setlogmask', 0],
    'no',
  ])
})

test('setlogmask returns the mask before', () => {
  const all = syslog.LOG_UPTO(syslog.LOG_DEBUG)
  assert.equal(syslog.setlogmask(0), all)
  assert.equal(syslog.setlogmask(syslog.LOG_MASK(syslog.LOG_ERR)), all)
  assert.equal(syslog.setlogmask(0), 8)
  assert.equal(syslog.setlogmask(all), 8)
})

test('a worker does not change the log of the process', async () => {
  const refusals = await inWorker<string[]>(`
    const syslog = await import('${import.meta.resolve('osier/syslog')}')
    const codes = [syslog.setlogmask(0)]
    for (const call of [() => syslog.openlog('x'), () => syslog.closelog(), () => syslog.setlogmask(1)])
      try { call() } catch (error) { codes.push(error.code) }
    return codes`)
  const refusal = 'ERR_WORKER_UNSUPPORTED_OPERATION'
  assert.deepEqual(refusals, [255, refusal, refusal, refusal])
})

test('wrong arguments are refused before C sees them', async () => {
  for (const wrong of [undefined, null, 1, {}, [], true, new URL('file:///x')]) {
    assert.throws(() => syslog.syslog(wrong as never), TypeError)
    if (wrong !== undefined) assert.throws(() => syslog.syslog(1, wrong as never), TypeError)
    if (wrong === undefined || wrong === null) continue
    await assert.rejects(syslog.promises.syslog(1, wrong as never), TypeError)
  }
  for (const wrong of [null, 'a', 1n, {}]) {
    assert.throws(() => syslog.syslog(wrong as never, 'text'), TypeError)
    assert.throws(() => syslog.setlogmask(wrong as never), TypeError)
    assert.throws(() => syslog.LOG_MASK(wrong as never), TypeError)
    if (wrong !== null && typeof wrong !== 'object') {
      assert.throws(() => syslog.openlog('x', wrong as never), TypeError)
      assert.throws(() => syslog.openlog('x', 0, wrong as never), TypeError)
    }
  }
  for (const wrong of [1, true, [], 1n]) assert.throws(() => syslog.openlog(wrong as never), TypeError)
  for (const wrong of [0.5, 2 ** 31, Number.NaN]) {
    assert.throws(() => syslog.syslog(wrong, 'text'), RangeError)
    assert.throws(() => syslog.setlogmask(wrong), RangeError)
    assert.throws(() => syslog.openlog('x', wrong), RangeError)
  }
  for (const wrong of [-1, 8, 0.5]) {
    assert.throws(() => syslog.LOG_MASK(wrong), RangeError)
    assert.throws(() => syslog.LOG_UPTO(wrong), RangeError)
  }
  for (const wrong of ['a\0b', Buffer.from('a\0b'), '\ud800']) {
    assert.throws(() => syslog.syslog(wrong), RangeError)
    assert.throws(() => syslog.openlog(wrong), RangeError)
  }
  assert.throws(() => syslog.openlog({ identity: 'x' } as never), TypeError)
})
