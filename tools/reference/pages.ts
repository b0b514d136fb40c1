import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prototypes } from '../../src/libc/functions.ts'
import * as linux from '../../src/libc/targets/linux.ts'
import * as arm64Glibc from '../../src/libc/targets/linux-arm64-glibc.ts'
import * as arm64Musl from '../../src/libc/targets/linux-arm64-musl.ts'
import * as x64Glibc from '../../src/libc/targets/linux-x64-glibc.ts'
import * as x64Musl from '../../src/libc/targets/linux-x64-musl.ts'
import { is_available, neededBy } from '../../src/os/available.ts'
import * as namespace from '../../src/os/index.ts'
import { type Chapter, chapters, isFunction, type Name, summary } from './chapters.ts'

/** Writes a page for each chapter of `os` for TypeDoc: its names, and the platforms that have them. Constants are looked up in
 * the generated facts of each platform, functions in the C libraries of this machine.
 */

const folder = 'build/chapters'
const os: Readonly<Record<string, unknown>> = { ...namespace }
const targets = { x64Glibc, arm64Glibc, x64Musl, arm64Musl }
const HEADS = ['Linux x64, glibc', 'Linux arm64, glibc', 'Linux x64, musl', 'Linux arm64, musl', 'macOS, Windows']

/** musl's functions are in its loader, of Debian's package `musl`. */
const MUSL = ['/lib/ld-musl-x86_64.so.1', '/lib/ld-musl-aarch64.so.1'].find(existsSync)
const ofMusl = new Set(
  MUSL === undefined
    ? []
    : execFileSync('nm', ['-D', '--defined-only', MUSL], { encoding: 'utf8' }).match(/(?<= [TWtw] )\w+$/gm),
)

type Answer = 'yes' | 'no' | '?'

const answer = (value: boolean): Answer => (value ? 'yes' : 'no')

/** On each platform, in the order of HEADS. */
function availability({ name }: Name): Answer[] {
  const value = os[name]
  if (isFunction(value)) return ofFunction(name as keyof typeof namespace)
  if (Object.values(targets).some(({ constants }) => name in { ...linux.constants, ...constants })) {
    return [...Object.values(targets).map((own) => answer(name in { ...linux.constants, ...own.constants })), 'no']
  }
  const here = answer(value !== undefined)
  return [here, here, here, here, here]
}

function ofFunction(name: keyof typeof namespace): Answer[] {
  const needed = neededBy(name)
  if (needed === null) return HEADS.map(() => 'yes')
  const here = answer(is_available(os[name] as () => unknown))
  const musl = here === 'no' ? 'no' : MUSL === undefined ? '?' : answer(needed.every(isInMusl))
  return [here, here, musl, musl, 'no']
}

function isInMusl(name: keyof typeof prototypes): boolean {
  const { syscall } = prototypes[name] as unknown as { readonly syscall: string | undefined }
  const symbol = /(\w+)\(/.exec((prototypes[name] as unknown as { readonly prototype: string }).prototype)?.[1] ?? name
  const numbers: object = { ...linux.syscalls, ...x64Musl.syscalls }
  return ofMusl.has(symbol) || (syscall !== undefined && syscall in numbers)
}

function page({ title, names }: Chapter): string {
  const rows = names.map((name) => [
    `{@link "osier".${name.name} | \`${name.name}\`}`,
    summary(name),
    ...availability(name),
  ])
  const table = [['name', 'what it is', ...HEADS], HEADS.concat('', '').map(() => '---'), ...rows]
  return [
    `---\ntitle: ${JSON.stringify(title)}\ngroup: Chapters of os\n---\n`,
    'Linux x64 with glibc is tested completely, arm64 as far as an emulator allows. For musl the constants and layouts are',
    'checked against its headers and library, but no program is run. On macOS and Windows a function throws',
    'NotImplementedError, and a constant of the system is undefined.\n',
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ].join('\n')
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const [index, chapter] of (await chapters()).entries()) {
  writeFileSync(join(folder, `${String(index + 1).padStart(2, '0')}.md`), page(chapter))
}
