/** Splits the facts of several targets into what is equal on all of them and what is not, and joins them again. */

import type { Facts } from './collect.ts'

/** By name of the table and name of the fact: a number, or the layout of a structure. */
export type Tables = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface Split {
  readonly common: Tables
  /** What is not common, by target. */
  readonly own: ReadonlyMap<string, Tables>
}

export interface Difference {
  /** Such as `structs.stat.offsets.st_mode`. */
  readonly fact: string
  readonly written: number | undefined
  readonly fresh: number | undefined
}

export function splitFacts(facts: ReadonlyMap<string, Tables>): Split {
  const all = [...facts.values()]
  const [first] = all
  if (!first) throw new Error('no target to write facts of')
  const common = selectFacts(first, (table, name) => all.every((one) => same(one[table]?.[name], first[table]?.[name])))
  const own = Array.from(facts, ([target, one]) => {
    return [target, selectFacts(one, (table, name) => common[table]?.[name] === undefined)] as const
  })
  return { common, own: new Map(own) }
}

export function joinFacts(common: Tables, own: Tables): Tables {
  return Object.fromEntries(Object.keys(common).map((table) => [table, { ...common[table], ...own[table] }]))
}

/** The facts in which two sets of tables differ, in the order of their names. */
export function differences(written: Tables, fresh: Tables): Difference[] {
  const [old, now] = [flatten(written), flatten(fresh)]
  const facts = [...new Set([...old.keys(), ...now.keys()])].sort()
  return facts
    .map((fact) => ({ fact, written: old.get(fact), fresh: now.get(fact) }))
    .filter((difference) => difference.written !== difference.fresh)
}

export function asTables(facts: Facts): Tables {
  return Object.fromEntries(Object.entries(facts))
}

function selectFacts(tables: Tables, select: (table: string, name: string) => boolean): Tables {
  const selected = Object.entries(tables).map(([table, facts]) => {
    return [table, Object.fromEntries(Object.entries(facts).filter(([name]) => select(table, name)))] as const
  })
  return Object.fromEntries(selected)
}

/** Compares independently of the order of the fields. */
function same(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b
  return differences({ table: { a } }, { table: { a: b } }).length === 0
}

/** Each number by the path of names that leads to it. */
export function flatten(value: unknown, path = '', flat: Map<string, number> = new Map()): Map<string, number> {
  if (typeof value === 'number') return flat.set(path, value)
  if (typeof value !== 'object' || value === null) throw new TypeError(`no fact: ${value}`)
  for (const [name, inner] of Object.entries(value)) flatten(inner, path === '' ? name : `${path}.${name}`, flat)
  return flat
}
