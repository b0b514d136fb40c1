import { readFileSync } from 'node:fs'
import { inRepository } from '../repository.ts'

/** The chapters of `os`, as `src/os/index.ts` divides it: in the order of Python's documentation. */
export interface Chapter {
  readonly title: string
  readonly names: readonly Name[]
}

export interface Name {
  readonly name: string
  /** Its source, such as `src/os/files.ts`. */
  readonly file: string
  /** Its doc comment without the asterisks; empty where it has none. */
  readonly comment: string
}

/** The chapters with the names of their values (types are left out), each name once. */
export async function chapters(): Promise<Chapter[]> {
  const index = readFileSync(inRepository('src/os/index.ts'), 'utf8')
  const [, ...parts] = index.split(/^\/\/ (?=[A-Z])/m)
  // The first part is the comment of the file.
  const found: Chapter[] = []
  for (const part of parts.slice(1)) {
    const [title = '', ...lines] = part.split('\n')
    found.push({ title, names: await namesOf(lines.join('\n')) })
  }
  return found
}

/** The names that these export statements export, without aliases (`OSError as error`). */
async function namesOf(text: string, folder = 'src/os/'): Promise<Name[]> {
  const names: Name[] = []
  for (const [, list, from = ''] of text.matchAll(/^export (?:\*|\{([^}]*)\}) from '(.*?)'/gm)) {
    const file = new URL(from, `file:///${folder}`).pathname.slice(1)
    const module = await moduleOf(file)
    const wanted = list?.split(',').map((item) => item.trim()) ?? Object.keys(module)
    const source = readFileSync(inRepository(file), 'utf8')
    for (const name of wanted) if (name in module) names.push({ name, file, comment: commentOf(source, name) })
  }
  return names
}

/** The names that a module other than `os` exports: those of its own file, and those that it re-exports. */
export async function namesOfModule(module: string): Promise<Name[]> {
  const file = `src/${module}.ts`
  const source = readFileSync(inRepository(file), 'utf8')
  const reexported = await namesOf(source, 'src/')
  const own = Object.keys(await moduleOf(file)).filter(
    (name) => name !== 'default' && !reexported.some((one) => one.name === name),
  )
  return [...reexported, ...own.map((name) => ({ name, file, comment: commentOf(source, name) }))]
}

/** The exports of a compiled source file. */
export async function moduleOf(file: string): Promise<Readonly<Record<string, unknown>>> {
  return await import(new URL(`../../${file.replace(/ts$/, 'js')}`, import.meta.url).href)
}

function commentOf(source: string, name: string): string {
  const declaration = new RegExp(`\\*/\\nexport (?:abstract )?(?:function\\*?|class|const) ${name}\\b`).exec(source)
  if (declaration === null) return ''
  const before = source.slice(0, declaration.index)
  return before
    .slice(before.lastIndexOf('/**') + 3)
    .replaceAll(/^ \* ?/gm, '')
    .trim()
}

/** The first sentence of a doc comment, on one line, escaped for a table. */
export function summary({ comment }: Name): string {
  const [paragraph = ''] = comment.split(/\n\n|\n(?=@)/)
  const [sentence = ''] = paragraph.replaceAll('\n', ' ').split(/(?<=\.) (?=[A-Z])/)
  return sentence.replaceAll('|', '\\|')
}

/** Whether it is a function, but not a class. */
export function isFunction(value: unknown): value is () => unknown {
  return typeof value === 'function' && !/^class\b/.test(String(value))
}
