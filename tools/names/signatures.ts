import { readdirSync, readFileSync } from 'node:fs'
import type { Name } from '../reference/chapters.ts'

/** How a function is called, as its declarations say: `mkdir(path, mode?, { dir_fd })`. */

interface Parameter {
  readonly name: string
  readonly isOptional: boolean
  readonly isRest: boolean
  readonly type: string
}

export function callOf({ name, file }: Name): string {
  const overloads = declarationsOf(name, file).map(parametersOf)
  const byName = new Set(
    overloads
      .flat()
      .filter(isOptions)
      .flatMap(({ type }) => propertiesOf(type)),
  )
  const byPlace: Parameter[] = []
  for (const parameters of overloads) {
    for (const [index, parameter] of parameters.filter((one) => !isOptions(one)).entries()) byPlace[index] ??= parameter
  }
  const required = Math.min(...overloads.map((parameters) => parameters.filter(isRequired).length))
  for (const { name } of byPlace) byName.delete(name)
  const words = byPlace.map((one, index) => {
    return `${one.isRest ? '...' : ''}${one.name}${index >= required && !one.isRest ? '?' : ''}`
  })
  if (byName.size > 0) words.push(`{ ${[...byName].join(', ')} }`)
  return `${name}(${words.join(', ')})`
}

function isOptions({ name, type }: Parameter): boolean {
  return (name === 'options' && type !== 'number') || type === 'FileArguments'
}

function isRequired(parameter: Parameter): boolean {
  return !parameter.isOptional && !parameter.isRest && !isOptions(parameter)
}

/** The parameter lists of a function's declarations. */
function declarationsOf(name: string, file: string): string[] {
  const text = declarations(file)
  return [
    ...text.matchAll(new RegExp(`^export declare (?:function ${name}(?:<[^(]*>)?|const ${name}: )\\(`, 'gm')),
  ].map(({ index, 0: head }) => upToClosing(text.slice(index + head.length)))
}

/** What TypeScript declares of a source file. */
function declarations(file: string): string {
  return readFileSync(file.replace(/^src\/(.*)\.ts$/, 'dist/$1.d.ts'), 'utf8')
}

const OPENING = '([{<'
const CLOSING = ')]}>'

/** The pieces of a text between separators that stand in no bracket, up to a bracket that closes none of its own. */
function pieces(text: string, separator: string): string[] {
  const found = ['']
  let depth = 0
  for (const [index, character] of [...text].entries()) {
    const isArrow = character === '>' && text[index - 1] === '='
    if (OPENING.includes(character)) depth++
    if (CLOSING.includes(character) && !isArrow && --depth < 0) break
    if (depth === 0 && character === separator) found.push('')
    else found[found.length - 1] += character
  }
  return found.map((piece) => piece.trim()).filter(Boolean)
}

function upToClosing(text: string): string {
  return pieces(text, '').join('')
}

function parametersOf(list: string): Parameter[] {
  return pieces(list, ',').map((piece) => {
    const [, dots, name = '', mark, type = ''] = /^(\.\.\.)?(\w+)(\?)?: (.*)$/s.exec(piece) ?? []
    return { name, isOptional: mark !== undefined, isRest: dots !== undefined, type }
  })
}

/** What stands behind the name of each type: its parents and its body, or what it is another name for. */
const types = new Map<string, string>()
for (const file of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
  if (!/^(os|path)\/.*\.d\.ts$/.test(file)) continue
  const text = readFileSync(`dist/${file}`, 'utf8')
  for (const { 0: head, 1: name = '', index } of text.matchAll(/^(?:export )?(?:interface|type) (\w+)(?: =)?/gm)) {
    const rest = text.slice(index + head.length)
    const end = head.startsWith('export interface') || head.startsWith('interface') ? /^\}/m : /;$/m
    types.set(name, rest.slice(0, end.exec(rest)?.index))
  }
}

/** The properties of a type that is made of others and of object types. */
function propertiesOf(type: string): string[] {
  // What stands within a tuple is no option itself.
  return [...type.replaceAll(/readonly \[[^\]]*\]/g, '').matchAll(/\breadonly (\w+)\??:|\b([A-Z]\w+)\b/g)].flatMap(
    ([, property, name = '']) => {
      if (property !== undefined) return [property]
      return name.includes('Option') ? propertiesOf(types.get(name) ?? '') : []
    },
  )
}
