/**
 * Writes src/libc/targets/*.ts from the C headers of every target.
 *
 *   node build/tools/facts/generate.js [--check] [--fetch] [--only native|<target>]
 *
 * --check   writes nothing; prints what differs, and exits with 1 if anything does
 * --fetch   headers that are not on this machine may be fetched with apt-get (musl of the other architecture)
 * --only    checks one target against its written file; headers of another version may have more or fewer names
 *
 * On Debian it wants the packages gcc, gcc-aarch64-linux-gnu (on arm64: gcc-x86-64-linux-gnu) and musl-dev.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { target as ownTarget } from '../../src/libc/facts.ts'
import { lineDifferences } from '../line_differences.ts'
import { collectFacts, type Facts } from './collect.ts'
import { emitFile } from './emit.ts'
import { splitFacts } from './merge.ts'
import { type Target, targets } from './targets.ts'
import { findToolchain } from './toolchains.ts'
import { compareWithHeaders, sourcePath } from './written.ts'

const { values: options } = parseArgs({
  options: { check: { type: 'boolean' }, fetch: { type: 'boolean' }, only: { type: 'string' } },
})
const online = options.fetch === true

const complaints = options.only === undefined ? generate(options.check === true) : await checkOne(options.only)
for (const line of complaints) console.error(line)
if (complaints.length > 0) process.exitCode = 1

function generate(check: boolean): string[] {
  const facts = new Map<string, Facts>()
  const headers = new Map<string, string>()
  const missing: string[] = []
  for (const target of targets) {
    const toolchain = findToolchain(target, { online })
    if (typeof toolchain === 'string') {
      missing.push(`${target.name}: ${toolchain}`)
      continue
    }
    headers.set(target.name, toolchain.headers)
    facts.set(target.name, collectFacts(toolchain.compiler))
  }
  // Common facts can be determined from all targets only.
  if (missing.length > 0) return missing
  const files = emitFiles(facts, headers)
  if (check) return Array.from(files, ([name, text]) => compareText(sourcePath(name), text)).flat()
  for (const [name, text] of files) writeFileSync(sourcePath(name), text)
  return []
}

/** The texts by file name. */
function emitFiles(facts: ReadonlyMap<string, Facts>, headers: ReadonlyMap<string, string>): Map<string, string> {
  const { common, own } = splitFacts(facts)
  const origins = Array.from(headers, ([target, versions]) => `${target}: ${versions}`)
  const files = new Map([['linux', emitFile(['Equal on all of these targets:', ...origins], common)]])
  for (const [target, tables] of own) files.set(target, emitFile([headers.get(target) ?? ''], tables))
  return files
}

async function checkOne(name: string): Promise<string[]> {
  const target = await findTarget(name)
  const toolchain = findToolchain(target, { online })
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
