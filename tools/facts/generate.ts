/**
 * Writes src/libc/targets/*.ts from the C headers of every target whose toolchain is here, and lists the targets that it
 * leaves as they are for lack of one. It is compiled by itself (tools/facts/tsconfig.json), so that it runs while sources
 * use a constant that is not in the facts yet.
 *
 *   npm run facts -- [--check] [--fetch] [--with zig|system] [--only native|<target>]
 *
 * --check   writes nothing; prints what differs, and exits with 1 if anything does
 * --fetch   installs zig with npm into .zig/; where that cannot be, gets musl of the other architecture with apt-get
 * --with    only these compilers; by default zig, and where there is none those of the system
 * --only    checks one target against its written file; headers of another version may have more or fewer names
 *
 * Of the system it wants, on Debian, the packages gcc, gcc-aarch64-linux-gnu (on arm64: gcc-x86-64-linux-gnu) and musl-dev.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { target as ownTarget } from '../../src/libc/facts.ts'
import { lineDifferences } from '../line_differences.ts'
import { collectFacts } from './collect.ts'
import { emitFile } from './emit.ts'
import { newestHeaders, withOlder } from './keep.ts'
import { asTables, splitFacts, type Tables } from './merge.ts'
import { type Target, targets } from './targets.ts'
import { findToolchain, kinds, type Wanted } from './toolchains.ts'
import { compareWithHeaders, readHeaders, readTarget, sourcePath } from './written.ts'

const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean' },
    fetch: { type: 'boolean' },
    with: { type: 'string' },
    only: { type: 'string' },
  },
})
const kind = kinds.find((one) => one === options.with)
if (options.with !== undefined && kind === undefined) throw new Error(`--with takes ${kinds.join(' or ')}`)
const wanted: Wanted = { online: options.fetch === true, ...(kind === undefined ? {} : { kind }) }

const complaints = await (options.only === undefined ? generate(options.check === true) : checkOne(options.only))
for (const line of complaints) console.error(line)
if (complaints.length > 0) process.exitCode = 1

async function generate(check: boolean): Promise<string[]> {
  const facts = new Map<string, Tables>()
  const headers = new Map<string, string>()
  for (const target of targets) {
    const { name } = target
    const toolchain = findToolchain(target, wanted)
    const written = await readTarget(name)
    if (typeof toolchain === 'string') {
      // Common facts are determined from all targets, also from those that are not read anew.
      console.log(`${name} is left as it is: ${toolchain}`)
      headers.set(name, readHeaders(name))
      facts.set(name, written)
    } else {
      console.log(`${name}: ${toolchain.headers}, read by ${toolchain.compiler.command}`)
      headers.set(name, newestHeaders(readHeaders(name), toolchain.headers))
      facts.set(name, withOlder(asTables(collectFacts(toolchain.compiler)), written))
    }
  }
  if (!Array.from(targets, (target) => findToolchain(target, wanted)).some((one) => typeof one !== 'string')) {
    return ['there is no toolchain for any target']
  }
  const files = emitFiles(facts, headers)
  if (check) return Array.from(files, ([name, text]) => compareText(sourcePath(name), text)).flat()
  for (const [name, text] of files) writeFileSync(sourcePath(name), text)
  return []
}

/** The texts by file name. */
function emitFiles(facts: ReadonlyMap<string, Tables>, headers: ReadonlyMap<string, string>): Map<string, string> {
  const { common, own } = splitFacts(facts)
  const origins = Array.from(headers, ([target, versions]) => `${target}: ${versions}`)
  const files = new Map([['linux', emitFile(['Equal on all of these targets:', ...origins], common)]])
  for (const [target, tables] of own) files.set(target, emitFile([headers.get(target) ?? ''], tables))
  return files
}

async function checkOne(name: string): Promise<string[]> {
  const target = await findTarget(name)
  const toolchain = findToolchain(target, wanted)
  if (typeof toolchain === 'string') return [`${target.name}: ${toolchain}`]
  const found = await compareWithHeaders(target, toolchain)
  return found.map(({ fact, written, fresh }) => `${fact}: written ${written}, the headers say ${fresh}`)
}

async function findTarget(name: string): Promise<Target> {
  const wanted = name === 'native' ? ownTarget : name
  const target = targets.find((one) => one.name === wanted)
  if (!target) throw new Error(`no target ${wanted}; there are ${targets.map((one) => one.name).join(', ')}`)
  return target
}

function compareText(path: string, fresh: string): string[] {
  return lineDifferences(readFileSync(path, 'utf8'), fresh).map((line) => `${path}: ${line}`)
}
