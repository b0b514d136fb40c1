/** docs/platforms.md, made from what runs of the matrix left behind. */

import { cellIn, leftOutOnArm64, type Surroundings, surroundingsTitles } from './cells.ts'
import type { CellResult, Results } from './results.ts'
import { type Runtime, runtimes } from './runtimes.ts'

const COLUMNS: readonly Surroundings[] = ['root', 'user', 'worker', 'permission']

const HEAD = `# Platforms

osier runs on Linux, x64 and arm64, with glibc or musl, in Node from 20.19 on, Bun and Deno. This page tells how much of
its test suite passes where. It is written by \`npm run matrix\` from what came of its runs, which stands in
\`test/matrix/results.json\`.
`

const LEGEND = `Each cell is a run of the same suite: tests that passed, failed, and were skipped. A dash stands for a run that has not
been made; an empty cell for one that there cannot be, or that would mean something else (Bun and Deno have permissions of
their own). A test that needs something which its runtime or machine lacks is skipped, and the reason is listed below. In
a worker thread, Node and osier refuse whatever changes the process as a whole (\`chdir\`, \`umask\`, \`putenv\`, ids): the main
thread prepares such tests, in a folder of their own, and what they test runs in the worker. There a refusal counts as a
reason to skip only in the test files that are known to need what is refused (\`test/matrix/refusals.ts\`); anywhere else it
is a failure.
`

const ELSEWHERE = `## What is different elsewhere

- **Bun and Deno**: \`fork\` and \`forkpty\` need Node: here they throw NotImplementedError. A promise that waits for a
  descriptor waits in a thread of osier's own, since these event loops take no descriptors from outside. \`wait\`, and
  \`waitpid\` for any child, cannot leave the children of \`node:child_process\` alone, since these runtimes do not tell which
  they are: wait for children by their process ids there. They crash when a worker thread is stopped
  (\`worker.terminate()\`) while a call of koffi's is on the thread pool, and so while promises of that thread that work on
  it are pending: let them end first.
- **Bun** keeps a copy of the environment. osier has \`process.env\` and C hear of each other's changes when it is used; but
  variables whose names are not ASCII stay as Bun found them. In a directory whose path cannot be told, \`process.cwd()\`
  names the one before. Descriptors that Bun inherits above 3 it closes to the programs that it starts itself.
- **Node with \`--permission\`** (\`--experimental-permission\` in Node 20) takes \`--allow-addons\` as well, since koffi is one;
  without it the import of osier says so. Node's permissions are for Node's own modules: what osier does, it does past
  them, as any add-on. From version 24 on, without \`--allow-inspector\`, Node keeps SIGUSR1 blocked: nobody hears it.
- **Worker threads** share the process: what would change all of it is refused with \`ERR_WORKER_UNSUPPORTED_OPERATION\`.
  A worker thread that asks for memory which is not there, Node 26 ends (\`ERR_WORKER_OUT_OF_MEMORY\`), be it by
  \`os.urandom(2 ** 45)\` or by \`new ArrayBuffer(2 ** 45)\`. Everywhere else that is a RangeError.
- **musl**: every constant, and the size and layout of every structure, is checked against musl's headers for x64 and arm64.
  No program has been run with it: builds of JavaScript runtimes for musl need a C++ library for musl, which the machine
  that makes this page lacks.
- **arm64**: a real Node for arm64, on a processor that QEMU emulates. That is slow, and passes system calls on to the
  kernel of the machine, some of them changed. So nearly all of the suite is run, and what QEMU makes impossible is left
  out or skipped, with the reason.
`

export function page(results: Results): string {
  const parts = [HEAD, table(results), LEGEND, ...runtimes.map((runtime) => details(runtime, results)), ELSEWHERE]
  return parts.filter((part) => part !== '').join('\n')
}

function table(results: Results): string {
  const rows = runtimes.map((runtime) => [runtime.title, ...COLUMNS.map((place) => entry(runtime, place, results))])
  const head = ['passed / failed / skipped', ...COLUMNS.map((place) => surroundingsTitles[place])]
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

/** What stands in a place of the table. */
function entry({ name }: Runtime, place: Surroundings, results: Results): string {
  const cell = cellIn(name, place)
  if (cell === undefined) return ''
  const result = results.cells[cell.name]
  if (result === undefined) return '-'
  const { passed, failures, skipped, files, of } = result
  return `${passed} / ${failures.length} / ${skipped}${files === of ? '' : `, ${files} of ${of} files`}`
}

/** What a runtime's cells tell beyond their counts. */
function details(runtime: Runtime, results: Results): string {
  const lines = COLUMNS.flatMap((place) => {
    const result = results.cells[cellIn(runtime.name, place)?.name ?? '']
    if (result === undefined) return []
    const left = runtime.arch === 'arm64' ? leftOut() : []
    return [`### ${title(runtime, place)}`, '', account(result), ...left, ...listed(result)]
  })
  return lines.length === 0 ? '' : `## ${runtime.title}\n\n${lines.join('\n')}`
}

function title({ title }: Runtime, place: Surroundings): string {
  return `${title} ${surroundingsTitles[place]}`
}

function account({ version, revision, date, seconds, files, of, kernel }: CellResult): string {
  const part = files === of ? 'all test files' : `${files} of ${of} test files`
  const commit = revision === undefined ? '' : `osier at ${revision}, `
  return `Version ${version}, ${commit}${date}, Linux ${kernel}: ${part} in ${seconds} s, the times of all added up.\n`
}

function leftOut(): string[] {
  return Object.entries(leftOutOnArm64).map(
    ([reason, files]) => `- left out: ${files.map((file) => `\`${file}\``).join(', ')}: ${reason}`,
  )
}

function listed({ failures, skips }: CellResult): string[] {
  const failed = failures.map(({ test, reason }) => `- failed: ${escaped(test)}: ${escaped(firstLine(reason))}`)
  const skipped = skips.map(
    ({ reason, count }) => `- ${count} skipped: ${escaped(firstLine(reason)) || 'no reason given'}`,
  )
  const lines = [...failed, ...skipped]
  return lines.length === 0 ? [] : [...lines, '']
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]?.slice(0, 160) ?? ''
}

/** So that nothing in a name counts as Markdown. */
function escaped(text: string): string {
  return text.replace(/[|<>*_`\\[\]]/g, '\\$&')
}
