/**
 * What headers of an older version do not know any more than those that a target was written from: it stays, as long as it
 * is asked for. So each toolchain gives the same files, whatever the version of its headers.
 */

import type { Struct } from './collect.ts'
import type { Tables } from './merge.ts'
import * as names from './names.ts'
import { newerConstants } from './newer.ts'
import { sizedTypes, structFields, structs } from './structs.ts'

/** Whether a name of a table is still one that the headers are asked for. */
const asked: Readonly<Record<string, (name: string) => boolean>> = {
  constants: (name) => names.isConstant(name) || Object.hasOwn(newerConstants, name),
  errnoNumbers: (name) => names.errnoName.test(name),
  signalNumbers: (name) => names.signalName.test(name) && !names.runtimeSignals.has(name),
  sysconfNames: (name) => names.sysconfNames.includes(name),
  pathconfNames: (name) => names.pathconfNames.includes(name),
  confstrNames: (name) => names.confstrNames.includes(name),
  syscalls: (name) => names.syscallNames.includes(name),
  sizes: (name) => sizedTypes.includes(name),
  structs: (name) => Object.hasOwn(structs, name),
}

/** What the headers say, and what of the written facts they lack though it is asked for. */
export function withOlder(fresh: Tables, written: Tables): Tables {
  const tables = Object.entries(fresh).map(([table, facts]) => {
    const older = Object.entries(written[table] ?? {}).filter(
      ([name, fact]) =>
        asked[table]?.(name) === true && (facts[name] === undefined || lacksField(name, facts[name], fact)),
    )
    return [table, { ...facts, ...Object.fromEntries(older) }] as const
  })
  return Object.fromEntries(tables)
}

/** Whether a layout is that of a structure before a field was added to it that is asked for. */
function lacksField(name: string, fresh: unknown, written: unknown): boolean {
  const question = structs[name]
  if (question === undefined || !isStruct(fresh) || !isStruct(written)) return false
  return structFields(question).some(
    (field) => written.offsets[field] !== undefined && fresh.offsets[field] === undefined,
  )
}

function isStruct(fact: unknown): fact is Struct {
  return typeof fact === 'object' && fact !== null && 'offsets' in fact
}

/** The versions of `glibc 2.36, Linux 6.1`, by what they are of. */
function versionsIn(headers: string): Map<string, string> {
  return new Map(Array.from(headers.matchAll(/(\w+) (\d[\d.]*)/g), ([, name = '', version = '']) => [name, version]))
}

/** Of two texts such as `glibc 2.36, Linux 6.1`, the later version of each. */
export function newestHeaders(written: string, fresh: string): string {
  const now = versionsIn(fresh)
  return Array.from(versionsIn(written), ([name, version]) => {
    const other = now.get(name) ?? version
    return `${name} ${version.localeCompare(other, 'en', { numeric: true }) < 0 ? other : version}`
  }).join(', ')
}
