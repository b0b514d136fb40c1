// tsc turns src/ into build/src and declarations; this puts the JavaScript together into the few files of dist/ that
// are published. Node takes half a millisecond to find and read each module, and osier has a hundred: `import 'osier'`
// takes a third of the time that way (see docs/performance.md). Nothing is rewritten otherwise, comments are kept, and
// koffi and js-fatfs stay outside.

import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'

const compiled = resolve('build/src')
const { exports, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

/** The front doors, under the names that package.json has for them. */
const doors = Object.values(exports)
  .map((door) => door.default)
  .filter((path) => path !== undefined)
  .map((path) => path.slice('./dist/'.length, -'.js'.length))

/**
 * Modules that are used as objects: `import os from 'osier'`, `os.path`. They keep files of their own, which makes them
 * module namespaces, as in the source: a bundler would put together an object of its own instead, which `osier/path`
 * would not be the same as, and which V8 looks into more slowly.
 */
const namespaces = ['namespace', 'path', 'promises', 'micropython/os', 'micropython/vfs', 'sjs/os']

const programs = {
  'cli/main': 'cli/main',
  // Worker threads'. They are found beside the module that starts them, there and here.
  dupterm_thread: 'micropython/dupterm_thread',
  epoll_thread: 'event_loop/epoll_thread',
}

/** The tour is published with the package: each program as a file that can be read, and run by itself. */
const tour = readdirSync('examples/tour')
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))

const fileOf = (name) => join(compiled, `${name}.js`)
const nameOf = (file) => relative(compiled, file).split(sep).join('/').slice(0, -'.js'.length)

/** How a module names a namespace until it is known which file it is in. */
const MARK = 'namespace:'

const keepNamespaces = {
  name: 'keep-namespaces',
  resolveId(source, importer) {
    if (importer === undefined || !source.startsWith('.')) return null
    const name = nameOf(resolve(dirname(importer), source))
    return namespaces.includes(name) ? { id: MARK + name, external: true } : null
  },
  renderChunk(code, chunk) {
    const here = posix.dirname(chunk.fileName)
    return code.replaceAll(new RegExp(`(['"])${MARK}(.*?)\\1`, 'g'), (_, quote, name) => {
      const path = posix.relative(here, `${name}.js`)
      return `${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`
    })
  },
}

/** What is no part of the bundle any more would otherwise be tested, and packed. */
const removeStale = {
  name: 'remove-stale',
  writeBundle({ dir }, bundle) {
    for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.js') && bundle[file.split(sep).join('/')] === undefined) rmSync(join(dir, file))
    }
  },
}

/** All modules that a module leads to, itself included. */
function reachable(name, getModuleInfo, found = new Set()) {
  if (found.has(name)) return found
  found.add(name)
  for (const id of getModuleInfo(fileOf(name))?.importedIds ?? []) {
    if (id.startsWith(MARK)) reachable(id.slice(MARK.length), getModuleInfo, found)
    else if (id.startsWith(compiled)) reachable(nameOf(id), getModuleInfo, found)
  }
  return found
}

/**
 * As few chunks as may be for `import 'osier'`: what `osier/stat` and `osier/errno` need too, which do without koffi,
 * and all the rest of `os`. Other modules are grouped by the entry points that import them. The promises are not among
 * those of `os`, because of two functions of one name in one file, one would get another, which stack traces and users
 * would see.
 */
let facts
let core

function manualChunks(id, { getModuleInfo }) {
  facts ??= reachable('stat', getModuleInfo, reachable('errno', getModuleInfo))
  core ??= reachable('path', getModuleInfo, reachable('os/index', getModuleInfo))
  const name = nameOf(id)
  if (doors.includes(name) || namespaces.includes(name)) return undefined
  // Evaluated before koffi, which is before core.
  if (name === 'libc/platform_package') return 'platform_package'
  if (facts.has(name)) return 'facts'
  return core.has(name) ? 'core' : undefined
}

export default {
  input: {
    ...Object.fromEntries([...doors, ...namespaces].map((name) => [name, fileOf(name)])),
    ...Object.fromEntries(Object.entries(programs).map(([name, source]) => [name, fileOf(source)])),
    ...Object.fromEntries(tour.map((name) => [`tour/${name}`, resolve('build/examples/tour', `${name}.js`)])),
  },
  external: [/^node:/, /^osier($|\/)/, ...Object.keys(dependencies)],
  plugins: [keepNamespaces, removeStale],
  // tsc's helpers for `using` look at `this`, as scripts do; in a module it is undefined, before and after.
  onwarn: (warning, warn) => warning.code !== 'THIS_IS_UNDEFINED' && warn(warning),
  output: {
    dir: 'dist',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    manualChunks,
    minifyInternalExports: false,
    hoistTransitiveImports: false,
  },
}
