// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables are what is tested

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import * as path from 'osier/path'
import { asJson, here, type PathCall, type PathOutcome, PROGRAM } from '../support/path_calls.ts'
import { noPython } from '../support/python.ts'
import { ownVariables } from '../support/runtime.ts'

const replay = fileURLToPath(new URL('../support/replay_path_calls.js', import.meta.url))

interface Surroundings {
  /** The environment, in the notation of printf(1), which can say bytes that are no text. */
  readonly env: readonly string[]
  readonly uid?: number
}

/** Runs a program that reads calls and prints outcomes, in an environment that it alone has. */
function run(program: readonly string[], calls: readonly PathCall[], { env, uid }: Surroundings): PathOutcome[] {
  const values = env.map((_, index) => `v${index}="$(printf "\${${index + 1}}")"`)
  const names = env.map((_, index) => `"$v${index}"`).join(' ')
  const script = [...values, `shift ${env.length}`, `exec env -i PATH="$PATH" ${names} "$@"`].join('; ')
  const child = spawnSync('sh', ['-c', script, 'sh', ...env, ...program], {
    encoding: 'utf8',
    input: asJson(calls),
    maxBuffer: 2 ** 24,
    timeout: 60_000,
    ...(uid === undefined ? {} : { uid }),
  })
  if (child.status !== 0) throw new Error(`${program[0]} failed: ${child.stderr}${child.error ?? ''}`)
  return JSON.parse(child.stdout) as PathOutcome[]
}

function assertSame(calls: readonly PathCall[], surroundings: Surroundings): void {
  const ours = run([process.execPath, replay], calls, surroundings)
  const theirs = run(['python3', '-X', 'utf8', '-c', PROGRAM], calls, surroundings)
  for (const [index, call] of calls.entries()) assert.deepEqual(ours[index], theirs[index], JSON.stringify(call))
}

/** Each path as text and as bytes. */
function inBothKinds(name: string, texts: readonly string[]): PathCall[] {
  return texts.flatMap((text): PathCall[] => [
    [name, text],
    [name, Buffer.from(text)],
  ])
}

const variables = [
  ...['A=value', 'AB=/a/b', 'A_1=x', 'EMPTY=', 'AGAIN=$A', 'BRACES=${A}', 'DOLLAR=$', 'WITH=a=b', 'É=e', 'A B=blank'],
  ...['RAW=\\351', 'HALF=\\303', 'REST=\\251', 'NAME_\\351=raw name', '1=one', 'LINE=a\\nb'],
]

const references = [
  ...['', '$', '$$', '$A', '$A$A', '$AB', '${A}B', '$A_1', '$A-1', '/$A/', 'a$A', '${A}', '${A', '$A}', '${}', '$ {A}'],
  ...['${A}${A}', '${A${A}}', '${$A}', '$${A}', '$UNKNOWN', '${UNKNOWN}', '$EMPTY', '$AGAIN', '$BRACES', '$DOLLAR$A'],
  ...[
    '$DOLLAR{A}',
    '$WITH',
    '${WITH=a}',
    '${A=value}',
    '${WITH=}',
    '$É',
    '${É}',
    '$A\u00e9',
    '${A B}',
    '$RAW',
    '${RAW}',
  ],
  ...[
    '$HALF$REST',
    '$1',
    '${1}',
    '${A\0}',
    '${A\n}',
    '$LINE',
    '$A\n$A',
    '~$A',
    '{$A}',
    '${',
    '${{A}',
    '${{A}}',
    '$A😀',
  ],
]

const piece = fc.constantFrom('$', '${', '}', '{', 'A', 'AB', '_1', '/', 'É', 'RAW', '=', ' ', '~', '\n', '😀')
/** Of a brace that is not closed, with a dollar behind it, older versions of CPython think otherwise. */
const random = fc
  .array(piece, { maxLength: 9 })
  .map((pieces) => pieces.join(''))
  .filter((text) => !/\$\{[^}]*\$[^}]*$/.test(text))

describe('as in python3', { skip: noPython }, () => {
  test('expandvars', () => {
    const lone = ['${NAME_\udce9}', '\udce9$A', '${A\ud800}', '\ud800', '\ud800$A']
    const calls = inBothKinds('expandvars', [...references, ...fc.sample(random, 2000)])
    const bytes = Buffer.concat([Buffer.from('${NAME_'), Buffer.from([0xe9]), Buffer.from('}$RAW')])
    assertSame([...calls, ...lone.map((text): PathCall => ['expandvars', text]), ['expandvars', bytes]], {
      env: variables,
    })
  })

  const homes = ['~', '~/', '~/a', '~//a', '~/~', 'a~', '/~', '~root', '~root/', '~root/a/b', '~no such user/a', '']
  const more = ['~root~', '~~', '~ ', '~\n', '~/\0', '~\0', '~root\0', '~0']
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => `~${line.split(':')[0]}/a`)

  for (const home of [
    'HOME=/home/me',
    'HOME=',
    'HOME=/',
    'HOME=//',
    'HOME=/home/me///',
    'HOME=me',
    'HOME=/h\\351',
    'X=',
  ]) {
    test(`expanduser with ${home}`, () => {
      const calls = inBothKinds('expanduser', [...homes, ...more, ...users])
      // Before 3.12, CPython refuses a user's name in bytes that is not ASCII.
      assertSame([...calls, ['expanduser', '~é']], { env: [home] })
    })
  }
})

test('expanduser returns the path unchanged without HOME and an entry in the user database', {
  skip: ownVariables,
}, (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root to become another user')
  const uid = 1_999_999_999
  const canRun = spawnSync(process.execPath, [replay], { uid, input: '[]', encoding: 'utf8' })
  if (canRun.status !== 0) return t.skip(`that user may not run node: ${canRun.error ?? canRun.stderr}`)
  const outcomes = run(
    [process.execPath, replay],
    [
      ['expanduser', '~/a'],
      ['expanduser', '~'],
    ],
    { env: ['X='], uid },
  )
  assert.deepEqual(outcomes, [{ result: '~/a' }, { result: '~' }])
})

test('expandvars does not expand values again', () => {
  const calls: PathCall[] = [
    ['expandvars', '/$RAW/$HALF$REST'],
    ['expandvars', Buffer.from('$RAW')],
  ]
  const surroundings = { env: [...variables, 'HOME=/h\\351/'] }
  assert.deepEqual(run([process.execPath, replay], [...calls, ['expanduser', '~/a']], surroundings), [
    { result: '/\udce9/\udcc3\udca9' },
    { result: { bytes: 'e9' } },
    { result: '/h\udce9/a' },
  ])
})

test('expandvars sees a change of process.env', () => {
  process.env.OSIER_TEST_PATH = 'one'
  assert.equal(path.expandvars('$OSIER_TEST_PATH'), 'one')
  process.env.OSIER_TEST_PATH = 'two'
  assert.equal(path.expandvars('${OSIER_TEST_PATH}'), 'two')
  delete process.env.OSIER_TEST_PATH
  assert.equal(path.expandvars('$OSIER_TEST_PATH'), '$OSIER_TEST_PATH')
})

test('expandvars takes linear time for many unclosed references', () => {
  // Searching a closing brace for each reference would take 15 minutes; the program is ended after a minute.
  const text = '${'.repeat(1_000_000)
  const outcomes = run([process.execPath, replay], [['expandvars', text]], { env: ['A=value'] })
  assert.ok(outcomes[0]?.result === text)
})

test('expandvars leaves text after an unclosed brace unchanged', () => {
  process.env.OSIER_TEST_PATH = 'x'
  for (const text of ['${A$OSIER_TEST_PATH', '${', '${$OSIER_TEST_PATH/b']) assert.equal(path.expandvars(text), text)
  assert.equal(path.expandvars('$OSIER_TEST_PATH${$OSIER_TEST_PATH'), 'x${$OSIER_TEST_PATH')
  delete process.env.OSIER_TEST_PATH
})

test('expandvars reads many long values', () => {
  const value = 'x'.repeat(100_000)
  process.env.OSIER_TEST_PATH = value
  for (let i = 0; i < 200; i++) assert.equal(path.expandvars('$OSIER_TEST_PATH').length, value.length)
  delete process.env.OSIER_TEST_PATH
})

test('a worker thread sees the variables of its own environment', async () => {
  const bytes = Buffer.from('$OSIER_\xff ${OSIER_TEST}', 'latin1')
  const program = `
    import { expandvars } from '${import.meta.resolve('osier/path')}'
    import { parentPort } from 'node:worker_threads'
    process.env.OSIER_TEST = 'ö'
    const names = ['$OSIER_TEST', '$toString', '$OSIER_NONE', '\${OSIER_\\udcff}']
    parentPort.postMessage([...names.map((name) => expandvars(name)), expandvars(Buffer.from('$OSIER_TEST')).toString()])`
  const url = `data:text/javascript,${encodeURIComponent(program)}`
  const env = { ...process.env }
  const answer = await new Promise((resolve, reject) => {
    new Worker(new URL(url), { env }).once('message', resolve).once('error', reject)
  })
  assert.deepEqual(answer, ['ö', '$toString', '$OSIER_NONE', '${OSIER_\udcff}', 'ö'])
  assert.equal(process.env.OSIER_TEST, undefined)
  assert.deepEqual(path.expandvars(bytes), bytes)
})

test('expanduser returns correct results in concurrent threads', async () => {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads')
    import('osier/path').then(({ expanduser }) => {
      const answers = new Set()
      for (let i = 0; i < 300; i++) answers.add(expanduser(workerData))
      parentPort.postMessage([...answers])
    })`
  const asked = ['~root/a', '~daemon/b', '~bin/c', '~no such user']
  const answers = asked.map(
    (workerData) =>
      new Promise<unknown>((resolve, reject) => {
        new Worker(program, { eval: true, workerData }).once('message', resolve).once('error', reject)
      }),
  )
  assert.deepEqual(
    await Promise.all(answers),
    asked.map((text) => here([['expanduser', text]]).map(({ result }) => result)),
  )
})
