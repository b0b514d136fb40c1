import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { inRepository } from '../repository.ts'

/** The declarations that tsc makes of `src/`, whatever the current directory is. */
export const DIST: string = inRepository('dist')

export interface Parameter {
  /** As it is documented: `new`, not `new_`. */
  readonly name: string
  /** Its alternatives, sorted, without undefined, and without the options that may be in its place. */
  readonly type: string
  readonly isRest: boolean
}

/** A function or class, and how it is called. */
export interface Declared {
  readonly name: string
  /** The declaration file. */
  readonly file: string
  /** The doc comment without its asterisks; empty where there is none. */
  readonly comment: string
  readonly isClass: boolean
  /** The parameters by position, of all overloads together. */
  readonly positional: readonly Parameter[]
  /** How many arguments must be given. */
  readonly required: number
  /** What is given by name only. */
  readonly named: readonly Parameter[]
  /** The text of the declarations, without the comments. */
  readonly text: string
}

/** Every function and class that a declaration file exports, with those that it passes on from other files. */
export function declarationsOf(entry: string = join(DIST, 'namespace.d.ts')): Declared[] {
  return [...homesOf(resolve(entry))].map(([name, file]) => declared(name, file))
}

/** The functions and classes that a declaration file exports, and the file that declares each; no `export * as name`. */
function homesOf(file: string): Map<string, string> {
  const text = readFileSync(file, 'utf8')
  const homes = new Map(headsOf(text).map(({ name }) => [name, file]))
  for (const [, list, from = ''] of text.matchAll(/^export (?:\*|\{([^}]*)\}) from '(.*?)'/gm)) {
    const others = homesOf(resolve(dirname(file), from.replace(/\.ts$/, '.d.ts')))
    for (const name of list?.split(',').map((item) => item.trim()) ?? others.keys()) {
      const home = others.get(name)
      if (home !== undefined) homes.set(name, home)
    }
  }
  return homes
}

/** The beginning of a function, of a constant that is a function, or of a class. */
const HEAD =
  /^export declare (?:function (\w+)(?:<[^(]*>)?\(|const (\w+): (?:<[^(]*>)?\(|(?:abstract )?class (\w+)\b[^{]*\{)/gm

interface Head {
  readonly name: string
  readonly isClass: boolean
  readonly start: number
  readonly end: number
}

function headsOf(text: string): Head[] {
  return [...text.matchAll(HEAD)].map(({ 0: head, 1: function_, 2: constant, 3: class_, index }) => ({
    name: function_ ?? constant ?? class_ ?? '',
    isClass: class_ !== undefined,
    start: index,
    end: index + head.length,
  }))
}

/** How a function or class is called that a declaration file has. */
export function declared(name: string, file: string): Declared {
  const text = readFileSync(file, 'utf8')
  const heads = headsOf(text).filter((head) => head.name === name)
  const isClass = heads.some((head) => head.isClass)
  const bodies = heads.map(({ end }) => upToClosing(text.slice(end)))
  const lists = isClass ? bodies.flatMap(constructorsOf) : bodies
  return {
    ...{ name, file, isClass, comment: commentBefore(text, heads[0]?.start ?? 0) },
    ...merged(lists.map(parametersOf)),
    text: heads.map(({ start, end }, index) => text.slice(start, end) + bodies[index] + restOf(text, end)).join('\n'),
  }
}

function restOf(text: string, from: number): string {
  const start = from + upToClosing(text.slice(from)).length
  return text.slice(start, text.indexOf('\n', start))
}

function constructorsOf(body: string): string[] {
  return [...body.matchAll(/^ {4}constructor\(/gm)].map(({ 0: head, index }) =>
    upToClosing(body.slice(index + head.length)),
  )
}

function commentBefore(text: string, index: number): string {
  const [, lines = ''] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n$/.exec(text.slice(0, index)) ?? []
  return lines.replaceAll(/^ \* ?/gm, '').trim()
}

interface Written extends Parameter {
  readonly isOptional: boolean
  readonly properties: readonly Parameter[]
  /** Whether it has no other place than the one of the options. */
  readonly isOptions: boolean
}

/** What all overloads say together: whatever some of them give by position has its place there. */
function merged(overloads: readonly (readonly Written[])[]): Pick<Declared, 'positional' | 'required' | 'named'> {
  const positional: Parameter[] = []
  for (const parameters of overloads) {
    for (const [index, { name, type, isRest }] of parameters.filter((one) => !one.isOptions).entries()) {
      const known = positional[index]
      positional[index] = { name, isRest, type: known === undefined ? type : union([known.type, type].join(' | ')) }
    }
  }
  const named = new Map<string, string[]>()
  for (const { name, type } of overloads.flat().flatMap(({ properties }) => properties)) {
    named.set(name, [...(named.get(name) ?? []), type])
  }
  for (const { name } of positional) named.delete(name)
  const counts = overloads.map((list) => list.filter((one) => !one.isOptional && !one.isRest && !one.isOptions).length)
  return {
    positional,
    required: counts.length === 0 ? 0 : Math.min(...counts),
    named: [...named].map(([name, found]) => ({ name, type: union(found.join(' | ')), isRest: false })),
  }
}

const OPENING = '([{<'
const CLOSING = ')]}>'

/** The pieces of a text between separators that are in no bracket, up to a bracket that closes none of its own. */
function pieces(text: string, separator: string): string[] {
  return raw(text, separator)
    .map((piece) => piece.trim())
    .filter(Boolean)
}

function raw(text: string, separator: string): string[] {
  const found = ['']
  let depth = 0
  for (const [index, character] of [...text].entries()) {
    const isArrow = character === '>' && text[index - 1] === '='
    if (OPENING.includes(character)) depth++
    if (CLOSING.includes(character) && !isArrow && --depth < 0) break
    if (depth === 0 && character === separator) found.push('')
    else found[found.length - 1] += character
  }
  return found
}

function upToClosing(text: string): string {
  return raw(text, '').join('')
}

function parametersOf(list: string): Written[] {
  return pieces(list, ',').flatMap((piece): Written[] => {
    const [, dots, name = '', mark, type = ''] = /^(\.\.\.)?(\w+)(\?)?: (.*)$/s.exec(piece) ?? []
    const tuple = dots === undefined ? undefined : longestTuple(type)
    if (tuple !== undefined) return parametersOf(tuple).map((one) => ({ ...one, isOptional: true }))
    const properties = pieces(type, '|').flatMap(propertiesOf)
    const others = union(type)
    return [
      {
        ...{ name: name.replace(/_$/, ''), type: others, isRest: dots !== undefined, isOptional: mark !== undefined },
        properties,
        isOptions: others === '' && properties.length > 0,
      },
    ]
  })
}

/** The members of the longest tuple that a type is another name for, where all its members have names. */
function longestTuple(type: string): string | undefined {
  const tuples = pieces(types().get(type) ?? '', '|').map(
    (tuple) => /^\[\s*(\w+\??: [\s\S]*)\]$/.exec(tuple)?.[1] ?? '',
  )
  return tuples.sort((a, b) => b.length - a.length)[0] || undefined
}

/** A union in the order of the alphabet, without undefined and what gives options. */
function union(type: string): string {
  const alternatives = pieces(type.replaceAll(/\s+/g, ' '), '|').filter((one) => one !== 'undefined')
  return [...new Set(alternatives.filter((one) => propertiesOf(one).length === 0))].sort().join(' | ')
}

/** What a type is made of, with the types that it is another name for: `Path | Descriptor`, of `ListableDirectory`. */
export function alternativesOf(type: string): string[] {
  return pieces(type, '|').flatMap((one) => {
    const definition = types().get(one) ?? ''
    const isAlias = definition !== '' && !definition.includes('{')
    return isAlias ? [one, ...alternativesOf(definition.trim())] : [one]
  })
}

let known: Map<string, string> | undefined

/** What each type of `os` and `path` is: its parents and its body, or what it is another name for. */
function types(): Map<string, string> {
  known ??= new Map(
    readdirSync(DIST, { recursive: true, encoding: 'utf8' })
      .filter((file) => /^(os|path)\/.*\.d\.ts$/.test(file))
      .flatMap((file) => typesOf(readFileSync(join(DIST, file), 'utf8'))),
  )
  return known
}

function typesOf(text: string): [name: string, text: string][] {
  return [...text.matchAll(/^(?:export )?(?:interface|type) (\w+)(?:<[^>]*>)?(?: =)?/gm)].map(
    ({ 0: head, 1: name = '', index }) => {
      const rest = text.slice(index + head.length).replaceAll(/\/\*[\s\S]*?\*\//g, '')
      return [name, rest.slice(0, (head.includes('interface ') ? /^\}|\{ *\}$/m : /;$/m).exec(rest)?.index)]
    },
  )
}

/**
 * What may be given by name through a type: through that of an object, through an interface of which everything may be
 * left out, or through several of them together.
 */
function propertiesOf(type: string): Parameter[] {
  return pieces(type, '&').flatMap((part) => {
    const bare = part.replace(/^\(([\s\S]*)\)$/, '$1')
    if (bare !== part) return propertiesOf(bare)
    if (part.startsWith('{')) return membersOf(part.slice(1))
    const definition = types().get(/^\w+/.exec(part)?.[0] ?? '') ?? ''
    if (pieces(definition, '&').length > 1) return propertiesOf(definition)
    const [parents = '', body] = splitAt(definition, '{')
    if (body === undefined || !/^\s*(extends [\w\s,]+)?$/.test(parents) || /^ {4}(readonly )?\w+:/m.test(body))
      return []
    const inherited = pieces(parents.replace('extends', ''), ',').flatMap(propertiesOf)
    return [...inherited, ...membersOf(body)]
  })
}

function splitAt(text: string, separator: string): [string, string?] {
  const index = text.indexOf(separator)
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)]
}

function membersOf(body: string): Parameter[] {
  return pieces(body, ';').flatMap((member) => {
    const [, name, type = ''] = /^(?:readonly )?(\w+)\??: ([\s\S]*)$/.exec(member) ?? []
    return name === undefined ? [] : { name, type: union(type).replace(/^\((.*)\)$/, '$1'), isRest: false }
  })
}
