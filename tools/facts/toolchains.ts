/** Finds, for each target, a compiler that reads this target's headers, and says which headers those are. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Compiler, compile, evaluate } from './probe.ts'
import { scratchFolder } from './scratch.ts'
import type { Target } from './targets.ts'
import { findZig, ZIG_MUSL } from './zig.ts'

export interface Toolchain {
  readonly compiler: Compiler
  /** Names and versions of the headers, for the head of the generated file. */
  readonly headers: string
}

/** Debian's word for the architecture. */
const debianArch: Readonly<Record<Target['arch'], string>> = { x64: 'amd64', arm64: 'arm64' }

const found = new Map<string, Toolchain | string>()

/** Where compilers and headers come from: zig has those of all targets, the system those that are installed. */
export const kinds = ['zig', 'system'] as const

export interface Wanted {
  /** Whether zig may be installed with npm, and headers may be fetched with apt-get. */
  readonly online: boolean
  /** zig where there is one, else the system, by default. */
  readonly kind?: (typeof kinds)[number]
}

/** The toolchain of a target, or the reason why there is none here. */
export function findToolchain(target: Target, { online, kind }: Wanted): Toolchain | string {
  if (kind === undefined) {
    const zig = findToolchain(target, { online, kind: 'zig' })
    if (typeof zig !== 'string') return zig
    const ofSystem = findToolchain(target, { online, kind: 'system' })
    return typeof ofSystem === 'string' ? `${zig}; ${ofSystem}` : ofSystem
  }
  const key = `${target.name} ${online} ${kind}`
  const known = found.get(key)
  if (known !== undefined) return known
  const toolchain =
    kind === 'zig' ? ofZig(target, online) : target.libc === 'glibc' ? findGlibc(target) : findMusl(target, online)
  found.set(key, toolchain)
  return toolchain
}

function ofZig(target: Target, online: boolean): Toolchain | string {
  const compiler = findZig(target, online)
  if (typeof compiler === 'string') return compiler
  if (target.libc === 'glibc') return withGlibc(compiler)
  return { compiler, headers: `musl ${ZIG_MUSL}, ${kernelVersion(compiler)}` }
}

function findGlibc(target: Target): Toolchain | string {
  const compiler = findCompiler(`${target.cpu}-linux-gnu`, 'gnu')
  return compiler ? withGlibc(compiler) : `no C compiler for ${target.cpu}-linux-gnu`
}

function withGlibc(compiler: Compiler): Toolchain {
  const wanted = new Map([
    ['major', '__GLIBC__'],
    ['minor', '__GLIBC_MINOR__'],
  ])
  const version = evaluate(compiler, ['features.h'], wanted)
  return { compiler, headers: `glibc ${version.get('major')}.${version.get('minor')}, ${kernelVersion(compiler)}` }
}

function findMusl(target: Target, online: boolean): Toolchain | string {
  const native = findCompiler(`${target.cpu}-linux-musl`, 'musl')
  if (native) return { compiler: native, headers: `musl ${loaderVersion(target)}, ${kernelVersion(native)}` }
  const glibc = findGlibc(target)
  if (typeof glibc === 'string') return glibc
  const installed = `/usr/include/${target.cpu}-linux-musl`
  const musl = existsSync(installed)
    ? { include: installed, version: loaderVersion(target) }
    : fetchMusl(target, online)
  if (typeof musl === 'string') return musl
  // Any compiler of the architecture will do once it sees no other headers than musl's and the kernel's.
  const args = ['-nostdinc', '-isystem', musl.include, '-isystem', kernelHeaders(glibc.compiler, target)]
  const compiler: Compiler = { ...glibc.compiler, args }
  return { compiler, headers: `musl ${musl.version}, ${kernelVersion(compiler)}` }
}

/** `cc` where it makes programs for this triplet (whatever vendor it names), else the cross compiler. */
function findCompiler(triplet: string, environment: string): Compiler | undefined {
  const [cpu = ''] = triplet.split('-')
  const fits = new RegExp(`^${cpu}-(\\w+-)?linux-${environment}$`)
  for (const command of ['cc', `${triplet}-gcc`]) {
    const { status, stdout } = spawnSync(command, ['-dumpmachine'], { encoding: 'utf8' })
    if (status === 0 && fits.test(stdout.trim())) return { command, args: [], kind: 'gcc' }
  }
  return undefined
}

/** Major and minor only: a distribution's patch level changes weekly, and the interface does not change with it. */
function kernelVersion(compiler: Compiler): string {
  const code = evaluate(compiler, ['linux/version.h'], new Map([['code', 'LINUX_VERSION_CODE']])).get('code')
  if (code === undefined) throw new Error(`${compiler.command} finds no linux/version.h (Debian: linux-libc-dev)`)
  return `Linux ${code >> 16n}.${(code >> 8n) & 255n}`
}

/** musl's headers name no version, but its dynamic loader says one when started without arguments. */
function loaderVersion(target: Target): string {
  const { stderr } = spawnSync(`/lib/ld-musl-${target.cpu}.so.1`, { encoding: 'utf8' })
  return /^Version (\S+)$/m.exec(stderr ?? '')?.[1] ?? 'of unknown version'
}

/** A folder with nothing but the kernel's headers, which elsewhere lie among those of glibc. */
function kernelHeaders(compiler: Compiler, target: Target): string {
  const folder = join(scratchFolder(), `kernel-${target.arch}`)
  if (existsSync(folder)) return folder
  mkdirSync(folder)
  const probes = ['linux/version.h', 'asm/unistd.h', 'asm-generic/errno.h']
  const { stdout } = compile(compiler, ['-M'], probes.map((header) => `#include <${header}>\n`).join(''))
  for (const probe of probes) {
    const path = stdout.split(/[\s\\]+/).find((word) => word.endsWith(`/${probe}`))
    if (path === undefined) throw new Error(`${compiler.command} finds no ${probe} (Debian: linux-libc-dev)`)
    symlinkSync(dirname(path), join(folder, dirname(probe)))
  }
  return folder
}

/**
 * Debian has no cross package of musl. This fetches the other architecture's own package, with apt's state in the
 * scratch folder, so that the machine's list of architectures stays as it is.
 */
function fetchMusl(target: Target, online: boolean): { include: string; version: string } | string {
  if (!online) return `no musl headers for ${target.arch} here, and none were to be fetched`
  const folder = join(scratchFolder(), `musl-${target.arch}`)
  mkdirSync(join(folder, 'lists', 'partial'), { recursive: true })
  const settings = {
    'APT::Architecture': debianArch[target.arch],
    'APT::Architectures::': debianArch[target.arch],
    'APT::Sandbox::User': 'root',
    'Dir::State': folder,
    'Dir::State::status': '/dev/null',
    'Dir::Cache': join(folder, 'cache'),
  }
  mkdirSync(join(folder, 'cache', 'archives', 'partial'), { recursive: true })
  const options = ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
  for (const command of [['update'], ['download', 'musl-dev']]) {
    const { status, stderr } = spawnSync('apt-get', [...options, ...command], { cwd: folder, encoding: 'utf8' })
    if (status !== 0) return `apt-get ${command.join(' ')} failed: ${stderr ?? 'there is no apt-get'}`
  }
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb')) ?? ''
  const { status, stderr } = spawnSync('dpkg-deb', ['-x', archive, '.'], { cwd: folder, encoding: 'utf8' })
  if (status !== 0) return `dpkg-deb cannot unpack ${archive}: ${stderr}`
  const version = /^musl-dev_([^-_]+)/.exec(archive)?.[1] ?? 'of unknown version'
  return { include: join(folder, 'usr', 'include', `${target.cpu}-linux-musl`), version }
}
