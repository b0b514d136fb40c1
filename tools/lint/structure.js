// What the layout of src/ promises: imports point one way, koffi has one folder, and a file can be read in one go.

import { posix } from 'node:path'

const MOST_LINES = 450

/** The layers, lowest first: a module imports from its own layer and from those before it. */
const LAYERS = [
  ['libc'],
  ['ring', 'event_loop'],
  ['engines'],
  ['os'],
  // path, stat, errno and the other sibling modules are everything at the top of src/ that is not named elsewhere.
  ['promises', 'vfs', 'micropython', 'sjs', 'siblings'],
  ['namespace', 'index'],
  ['cli'],
]
const SIBLINGS = LAYERS.findIndex((layer) => layer.includes('siblings'))

/** What every layer may import. These import nothing but each other and libc. */
const COMMON = ['errors', 'results', 'audit', 'audit_modules', 'release', 'properties', 'copies']

/** The folder or the file at the top of src/ that a file belongs to: `os`, `path` for src/path.ts and for src/path/. */
function topOf(file) {
  return file.replace(/^src\//, '').replace(/\.ts$|\/.*$/g, '')
}

function layerOf(file) {
  const layer = LAYERS.findIndex((names) => names.includes(topOf(file)))
  return layer === -1 ? SIBLINGS : layer
}

/** The files of src/ that a file imports or exports from, types included, in their order. */
export function importsOf(name, text) {
  // A front door exports its own names as default.
  const own = `export * as default from './${posix.basename(name)}'`
  const lines = text.split('\n').filter((line) => line !== own && !/^\s*(?:\*|\/\/|\/\*)/.test(line))
  const found = lines.join('\n').matchAll(/\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)
  return [...new Set(Array.from(found, ([, path]) => posix.join(posix.dirname(name), path)))]
}

/** Each file that leads back to itself, with the shortest way there. A circle is reported once. */
export function circles(imports) {
  const findings = []
  const reported = new Set()
  for (const start of imports.keys()) {
    if (reported.has(start)) continue
    const circle = wayBetween(start, start, imports)
    if (circle === undefined) continue
    for (const file of circle) reported.add(file)
    findings.push(
      `${start}: circular import: ${circle.join(' -> ')}; move what both need, types included, into a file of its own`,
    )
  }
  return findings
}

/** The shortest chain of imports from one file to another, or to itself. */
function wayBetween(start, end, imports) {
  const before = new Map()
  let reached = [start]
  while (reached.length > 0) {
    const next = []
    for (const file of reached) {
      for (const imported of imports.get(file) ?? []) {
        if (imported === end) return [...wayBack(file, before), end]
        if (before.has(imported) || imported === start) continue
        before.set(imported, file)
        next.push(imported)
      }
    }
    reached = next
  }
  return undefined
}

function wayBack(file, before) {
  const way = [file]
  while (before.has(way[0])) way.unshift(before.get(way[0]))
  return way
}

const ORDER = 'cli -> dialects, vfs, siblings, promises -> os -> engines -> ring, event_loop -> libc'

export function upwardImports(imports) {
  const findings = []
  for (const [file, imported] of imports) {
    const isCommon = COMMON.includes(topOf(file))
    for (const other of imported) {
      const isAllowed =
        COMMON.includes(topOf(other)) ||
        (isCommon ? layerOf(other) === 0 : layerOf(other) <= layerOf(file)) ||
        // `os.path` is one of the names of os.
        (file === 'src/os/index.ts' && topOf(other) === 'path')
      if (!isAllowed) {
        const order = isCommon
          ? `${COMMON.join(', ')} import each other and libc alone`
          : `imports point one way: ${ORDER}`
        findings.push(`${file}: upward import of ${other}; ${order}`)
      }
      const way = topOf(file) === 'path' && topOf(other) === 'os' && wayToPath(other, imports)
      if (way) findings.push(`${file}: imports ${other}, which leads back to path: ${way.join(' -> ')}`)
    }
  }
  return findings
}

function wayToPath(file, imports) {
  for (const other of imports.keys()) {
    const way = topOf(other) === 'path' ? wayBetween(file, other, imports) : undefined
    if (way !== undefined) return way
  }
  return undefined
}

/** koffi is imported in src/libc alone, and errno read in src/libc/call.ts alone: any other call would change it. */
export function koffiImports({ name, text }) {
  const findings = []
  const isLibc = name.startsWith('src/libc/')
  if (!isLibc && /\b(?:from|import)\s*\(?\s*['"](?:koffi|[^'"]*\/koffi\.ts)['"]/.test(text))
    findings.push(
      `${name}: only src/libc imports koffi; declare the function in src/libc/functions.ts and call it by libc`,
    )
  if (name !== 'src/libc/call.ts' && /\bkoffi\s*\.\s*errno\b/.test(text))
    findings.push(
      `${name}: only src/libc/call.ts reads koffi.errno; call lastErrno() in the statement after the C call`,
    )
  return findings
}

export function longFiles({ name, text }) {
  if (name.startsWith('src/libc/targets/')) return []
  const lines = text.split('\n').length - 1
  if (lines <= MOST_LINES) return []
  return [`${name}: ${lines} lines, more than ${MOST_LINES}; split it by families of calls, as the documentation does`]
}
