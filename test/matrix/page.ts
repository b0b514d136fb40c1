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

const LEGEND = `Each cell is a run of the same suite: tests that passed, failed, and were skipped; a dash is a cell that
has not been run, and an empty place is no cell: Bun and Deno ask for permissions in ways of their own. What a test needs and a runtime or a machine lacks has it skipped, never passed over in silence; below
stands why. In a worker thread, that is the case for all that changes the process as a whole (\`chdir\`, \`umask\`,
\`putenv\`, ids), which Node and osier refuse there: the main thread prepares such tests, in a folder of their own, and what
they test runs in the worker. A refusal is taken for a reason only in the test files that are known to need what is refused
(\`test/matrix/refusals.ts\`); anywhere else it is a failure.
`

const ELSEWHERE = `## What is different elsewhere

- **Bun and Deno**: \`fork\` and \`forkpty\` need Node: they throw NotImplementedError. Their event loops let nobody in, so
  where a promise waits for a descriptor a thread of osier's own waits with it. \`wait\`, and \`waitpid\` for any child, cannot spare the children of \`node:child_process\`, since these
  runtimes do not tell which they are: wait for children by their numbers there.
- **Bun** keeps a copy of the environment. osier has \`process.env\` and C hear of each other's changes when it is used; but
  variables whose names are not ASCII stay as Bun found them. In a directory whose path cannot be told, \`process.cwd()\`
  names the one before. Descriptors that Bun inherits above 3 it closes to the programs that it starts itself.
  It crashes when a worker thread is stopped (\`worker.terminate()\`) while a call of koffi's is on the thread pool, and so
  while promises of that thread that work on it are pending: let them end first.
- **Node with \`--permission\`** (\`--experimental-permission\` in Node 20) takes \`--allow-addons\` as well, since koffi is one;
  without it the import of osier says so. Node's permissions are for Node's own modules: what osier does, it does past
  them, as any add-on. From version 24 on, without \`--allow-inspector\`, Node keeps SIGUSR1 blocked: nobody hears it.
- **Worker threads** share the process: what would change all of it is refused with \`ERR_WORKER_UNSUPPORTED_OPERATION\`.
- **musl**: every constant, and the size and layout of every structure, is checked against musl's headers for x64 and arm64.
  Running is not: no build of a JavaScript runtime for musl can be run where this page is made, because the C++ library
  that those builds need is not to be had there.
- **arm64**: a real Node for arm64, but on a processor that QEMU imitates, which is slow and passes system calls on. So it
  runs the tests of the calls themselves, and leaves out what depends on starting many processes or on
  the time that things take.
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
  return `Version ${version}, ${commit}${date}, Linux ${kernel}: ${part} in ${seconds} s, those side by side added up.\n`
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
