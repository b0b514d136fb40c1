import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import {
  isClassDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isTypeAliasDeclaration,
} from 'typescript/unstable/ast/is'
import {
  API,
  type Checker,
  type Symbol as Name,
  NodeBuilderFlags,
  type Project,
  SignatureKind,
  SymbolFlags,
} from 'typescript/unstable/sync'
import { declarationsOfDoors } from '../front_doors.ts'
import { inRepository, repository } from '../repository.ts'

/** Where the report is kept. */
export const REPORT = 'test/fixtures/api.txt'

/**
 * The public declarations of a build as text: the names of every front door with their types, and all types of the
 * package that these refer to. What the compiler makes of a declaration is written, not how it is written, and no file
 * is named: so only what users see changes the text. Doc comments are left out.
 */
export function publicDeclarations(dist = inRepository('dist')): string {
  const folder = mkdtempSync(join(tmpdir(), 'osier-api-'))
  const api = new API({ cwd: repository })
  try {
    const config = join(folder, 'tsconfig.json')
    writeFileSync(config, JSON.stringify(configFor(resolve(dist))))
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)
    if (project === undefined) throw new Error(`the compiler does not open ${config}`)
    return new Report(project, resolve(dist)).text()
  } finally {
    api.close()
    rmSync(folder, { recursive: true })
  }
}

function declarationFiles(dist: string): string[] {
  return readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => join(dist, file))
}

function configFor(dist: string): unknown {
  const base = JSON.parse(readFileSync(inRepository('tsconfig.base.json'), 'utf8'))
  return {
    compilerOptions: {
      ...base.compilerOptions,
      composite: false,
      declaration: false,
      isolatedDeclarations: false,
      rewriteRelativeImportExtensions: false,
      noEmit: true,
      skipLibCheck: true,
      typeRoots: [inRepository('node_modules/@types')],
    },
    files: declarationFiles(dist),
  }
}

const HEADER =
  'Written by `npm run api` from the declarations of the build: what users see of them. See CONTRIBUTING.md.'

class Report {
  readonly #project: Project
  readonly #checker: Checker
  readonly #dist: string
  /** What has been looked at, by the ids that the compiler gives to names. */
  readonly #seen = new Set<number>()
  /** The texts of the types that the names refer to, each under its name for the order. */
  readonly #types: [name: string, text: string][] = []

  constructor(project: Project, dist: string) {
    this.#project = project
    this.#checker = project.checker
    this.#dist = dist
  }

  text(): string {
    const doors = declarationsOfDoors().map(([name, file]) => `# ${name}\n\n${this.#door(join(this.#dist, file))}`)
    const types = this.#types.map(([name, text]) => `${name}\n${text}`).sort()
    const texts = types.map((text) => text.slice(text.indexOf('\n') + 1))
    return `${HEADER}\n\n${doors.join('\n\n')}\n\n# The types behind these names\n\n${texts.join('\n')}`
  }

  #door(file: string): string {
    const source = this.#project.program.getSourceFile(file)
    const module = source === undefined ? undefined : this.#checker.getSymbolAtLocation(source)
    if (module === undefined) throw new Error(`${file} is no module`)
    const names = [...this.#checker.getExportsOfModule(module)].sort((a, b) => (a.name < b.name ? -1 : 1))
    return names.flatMap((name) => this.#linesOf(name)).join('\n')
  }

  /** A line for a name that a module exports, or more where it can be called in more ways than one. */
  #linesOf(exported: Name): string[] {
    const { name } = exported
    const declared = this.#original(exported)
    if (declared.flags & SymbolFlags.ValueModule) {
      const names = this.#checker.getExportsOfModule(declared).map((one) => one.name)
      const listed = names.filter((one) => one !== 'default').sort()
      // The default export has the other names of its module.
      return [`namespace ${name}: ${name === 'default' ? `${listed.length} names` : listed.join(', ')}`]
    }
    this.#visit(declared)
    const asName = declared.name === name ? name : `${name} = ${declared.name}`
    if (declared.flags & SymbolFlags.Class) return [`class ${asName}`]
    const lines = declared.flags & TYPE ? [`type ${asName}`] : []
    return declared.flags & VALUE ? [...lines, ...this.#valueLines(name, declared)] : lines
  }

  /** A function, a line for each way to call it, whether it is declared as one or as a constant; or a constant. */
  #valueLines(name: string, declared: Name): string[] {
    const type = this.#checker.getTypeOfSymbol(declared)
    if (type === undefined) throw new Error(`${name} has no type`)
    const flags = NodeBuilderFlags.NoTruncation
    const signatures = this.#checker.getSignaturesOfType(type, SignatureKind.Call)
    if (signatures.length === 0)
      return [`const ${name}: ${onOneLine(this.#checker.typeToString(type, undefined, flags))}`]
    return signatures.map((signature) => {
      const node = this.#checker.signatureToSignatureDeclaration(signature, SyntaxKind.CallSignature, undefined, flags)
      if (node === undefined) throw new Error(`the compiler cannot write a signature of ${name}`)
      return `function ${name}${onOneLine(this.#print(node))}`
    })
  }

  #original(name: Name): Name {
    return name.flags & SymbolFlags.Alias ? this.#checker.getAliasedSymbol(name) : name
  }

  /** Takes up a name's type, and all types that its declarations refer to. */
  #visit(name: Name): void {
    if (this.#seen.has(name.id)) return
    this.#seen.add(name.id)
    for (const declaration of name.declarations) {
      const node = declaration.path.startsWith(this.#dist) ? declaration.resolve(this.#project) : undefined
      if (node === undefined) continue
      const parts = this.#publicParts(node)
      const isType = isInterfaceDeclaration(node) || isTypeAliasDeclaration(node) || isClassDeclaration(node)
      if (isType) this.#types.push([name.name, this.#typeText(node, parts)])
      const identifiers = parts.flatMap(identifiersIn)
      for (const other of this.#checker.getSymbolAtLocation(identifiers)) {
        const original = other === undefined ? undefined : this.#original(other)
        if (original !== undefined && original.flags & (TYPE | VALUE)) this.#visit(original)
      }
    }
  }

  /** The parts of a declaration that users see: of a class, not what only the class itself and its heirs can use. */
  #publicParts(node: Node): readonly Node[] {
    if (!isClassDeclaration(node)) return [node]
    const members = node.members.filter((member) => !/^(?:private |protected |#)/.test(this.#print(member)))
    return [...(node.typeParameters ?? []), ...(node.heritageClauses ?? []), ...members]
  }

  #typeText(node: Node, parts: readonly Node[]): string {
    const text = this.#print(node)
    if (!isClassDeclaration(node)) return `${text}\n`
    const members = parts.filter((part) => node.members.some((member) => member === part))
    const head = text.slice(0, text.indexOf('{\n') + 1) || text.slice(0, text.indexOf('{') + 1)
    const lines = members.map((member) => `${this.#print(member)}\n`.replaceAll(/^(?=.)/gm, '    '))
    return `${head}\n${lines.join('')}}\n`
  }

  #print(node: Node): string {
    return withoutComments(this.#project.emitter.printNode(node))
  }
}

const TYPE = SymbolFlags.Interface | SymbolFlags.TypeAlias | SymbolFlags.Class
const VALUE = SymbolFlags.Variable | SymbolFlags.Function

function identifiersIn(node: Node): Node[] {
  const found: Node[] = isIdentifier(node) ? [node] : []
  node.forEachChild((child) => {
    found.push(...identifiersIn(child))
  })
  return found
}

/** Names of files are left out: they are not what users import. */
function onOneLine(text: string): string {
  return text
    .replaceAll(/import\("[^"]*"\)\./g, '')
    .replaceAll(/import\("[^"]*"\)/g, 'module')
    .replaceAll(/\s+/g, ' ')
    .replace(/;$/, '')
}

function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join('\n')
    .replace(/^\s*(?:export )?(?:declare )?/, '')
}
