/** `node tools/lint/check.js` refuses what it says it refuses, in folders made for that. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { inRepository } from '../tools/repository.ts'
import { temporaryFolder } from './support/folder.ts'
import { onlyNode } from './support/runtime.ts'

const skip = onlyNode('the check is for Node')
const check = inRepository('tools/lint/check.js')

/** What the check prints of a folder with these files, line by line. */
function findingsIn(files: Record<string, string>): string[] {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const { status, stderr, stdout } = spawnSync(process.execPath, [check, folder], { encoding: 'utf8', timeout: 60_000 })
  const lines = stderr.split('\n').filter((line) => line.startsWith('src/') || line.startsWith('docs/'))
  assert.equal(stderr, lines.map((line) => `${line}\n`).join(''))
  assert.equal(stdout, '')
  assert.equal(status, lines.length > 0 ? 1 : 0)
  return lines
}

test('what is in order is not refused', { skip }, () => {
  const files = {
    'src/namespace.ts': "export * from './os/index.ts'\nexport * as path from './path.ts'\n",
    'src/os/index.ts': "export * from './links.ts'\nexport * as path from '../path.ts'\n",
    'src/os/links.ts': "import { libc } from '../libc/functions.ts'\nimport { OSError } from '../errors.ts'\n",
    'src/path.ts': "export { readlink } from './os/links.ts'\n",
    'src/errors.ts': "import { libc } from './libc/functions.ts'\n",
    'src/libc/functions.ts': "import koffi from './koffi.ts'\nimport { mark } from '../audit.ts'\n",
    'src/libc/call.ts': 'export const lastErrno = () => koffi.errno()\n',
    'src/libc/koffi.ts': "import koffi from 'koffi'\n",
    'src/libc/targets/linux.ts': '\n'.repeat(1000),
    'src/audit.ts': '\n'.repeat(450),
    // Prose may have these words, and what is in a comment or a string is not imported.
    'src/stat.ts': "// Estate\n * import 'x' from './stat.ts'\nconst text = 'heritage'\nclass_.heritageClauses\n",
  }
  assert.deepEqual(findingsIn(files), [])
})

test('circular imports are refused, types included', { skip }, () => {
  const files = {
    'src/os/first.ts': "import { second } from './second.ts'\n",
    'src/os/second.ts': "export type { Third } from '../os/third.ts'\n",
    'src/os/third.ts': "import {\n  type First,\n} from './first.ts'\n",
    'src/os/fourth.ts': "import { first } from './first.ts'\n",
    'src/os/itself.ts': "export type Itself = import('./itself.ts').Itself\n",
  }
  const advice = 'move what both need, types included, into a file of its own'
  assert.deepEqual(findingsIn(files), [
    `src/os/first.ts: circular import: src/os/first.ts -> src/os/second.ts -> src/os/third.ts -> src/os/first.ts; ${advice}`,
    `src/os/itself.ts: circular import: src/os/itself.ts -> src/os/itself.ts; ${advice}`,
  ])
})

test('imports of a higher layer are refused', { skip }, () => {
  const files = {
    'src/libc/memory.ts': "import { poller } from '../event_loop/poller.ts'\n",
    'src/event_loop/poller.ts': "import type { Engine } from '../engines/linux/index.ts'\n",
    'src/engines/linux/index.ts': "import type { Path } from '../../os/arguments/paths.ts'\n",
    'src/os/files/walk.ts': "export { walk } from '../../promises/walk.ts'\n",
    'src/os/links.ts': "import { join } from '../path.ts'\nimport { S_IFLNK } from '../stat.ts'\n",
    'src/sjs/os.ts': "import os from '../index.ts'\n",
    'src/index.ts': "import { main } from './cli/main.ts'\n",
    'src/errors.ts': "import { check } from './os/arguments/numbers.ts'\n",
  }
  const order =
    'imports point one way: cli -> dialects, vfs, siblings, promises -> os -> engines -> ring, event_loop -> libc'
  assert.deepEqual(
    findingsIn(files),
    [
      'src/errors.ts: upward import of src/os/arguments/numbers.ts; errors, results, audit, audit_modules, release, properties, copies import each other and libc alone',
      `src/engines/linux/index.ts: upward import of src/os/arguments/paths.ts; ${order}`,
      `src/event_loop/poller.ts: upward import of src/engines/linux/index.ts; ${order}`,
      `src/index.ts: upward import of src/cli/main.ts; ${order}`,
      `src/libc/memory.ts: upward import of src/event_loop/poller.ts; ${order}`,
      `src/os/files/walk.ts: upward import of src/promises/walk.ts; ${order}`,
      `src/os/links.ts: upward import of src/path.ts; ${order}`,
      `src/os/links.ts: upward import of src/stat.ts; ${order}`,
      `src/sjs/os.ts: upward import of src/index.ts; ${order}`,
    ].sort(),
  )
})

test('path imports nothing of os that leads back to path', { skip }, () => {
  const files = {
    'src/os/index.ts': "export * as path from '../path/lexical.ts'\n",
    'src/path/lexical.ts': '',
    'src/path/status.ts': "import { stat } from '../os/index.ts'\n",
  }
  assert.deepEqual(findingsIn(files), [
    'src/path/status.ts: imports src/os/index.ts, which leads back to path: src/os/index.ts -> src/path/lexical.ts',
  ])
})

test('long files are refused, but for generated ones', { skip }, () => {
  assert.deepEqual(findingsIn({ 'src/os/long.ts': '\n'.repeat(451), 'src/libc/targets/long.ts': '\n'.repeat(451) }), [
    'src/os/long.ts: 451 lines, more than 450; split it by families of calls, as the documentation does',
  ])
})

test('koffi is refused outside of src/libc, and its errno outside of call.ts', { skip }, () => {
  const files = {
    'src/os/direct.ts': "import koffi from 'koffi'\n",
    'src/os/indirect.ts': "import koffi from '../libc/koffi.ts'\n",
    'src/libc/library.ts': "import koffi from './koffi.ts'\nconst errno = koffi.errno()\n",
  }
  const only = 'only src/libc imports koffi; declare the function in src/libc/functions.ts and call it by libc'
  assert.deepEqual(findingsIn(files), [
    'src/libc/library.ts: only src/libc/call.ts reads koffi.errno; call lastErrno() in the statement after the C call',
    `src/os/direct.ts: ${only}`,
    `src/os/indirect.ts: ${only}`,
  ])
})

test('names that standard terms replace are refused in code', { skip }, () => {
  const word = ['heri', 'tage'].join('')
  const files = {
    'src/os/names.ts': `\nfunction ${'take'}${'Leave'}() {}\nconst NO_${word.toUpperCase()} = /'/\nlet ${word}Size\n`,
    // A document may explain a word.
    'docs/names.md': `${word}\n`,
  }
  assert.deepEqual(findingsIn(files), [
    'src/os/names.ts:2: name "takeLeave"; write releaseParentState',
    `src/os/names.ts:3: name "NO_${word.toUpperCase()}"; write inherited state`,
    `src/os/names.ts:4: name "${word}Size"; write inherited state`,
  ])
})

test('phrases that plain English replaces are refused in all texts, across line ends too', { skip }, () => {
  const [noUser, releases] = [['no', 'body'].join(''), ['lets', 'go', 'of']]
  const files = {
    'src/os/comments.ts': `/**\n * It ${releases.slice(0, 2).join(' ')}\n * of the lock.\n */\n// ${noUser} waits.\n`,
    'src/os/messages.ts': `throw new Error('${noUser} reads')\n`,
    'docs/page.md': `A page that ${releases.join('\n> ')} it.\n`,
    // The name of a user, alone in quotes, and longer words.
    'src/os/users.ts': `pwnam('${noUser}') // or "${noUser}"; the ids of \`${noUser}\`\n`,
    'docs/words.md': `${noUser}-like, ${noUser}2, ${releases.join('-')}\n`,
  }
  const instead = '"no caller", "no thread", "no process"'
  assert.deepEqual(findingsIn(files), [
    `src/os/comments.ts:2: phrase "${releases.join(' ')}"; write "releases" or "closes"`,
    `src/os/comments.ts:5: phrase "${noUser}"; write ${instead}`,
    `src/os/messages.ts:1: phrase "${noUser}"; write ${instead}`,
    `docs/page.md:1: phrase "${releases.join(' ')}"; write "releases" or "closes"`,
  ])
})
