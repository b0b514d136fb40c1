// tsc compiles src/ to build/src and declarations; this joins the JavaScript into the few published files of dist/.
// Node takes half a millisecond to find and read a module, and osier has a hundred: joined, `import 'osier'` takes a
// third of the time (see docs/performance.md). The code is not changed otherwise, comments are kept, and koffi and
// js-fatfs stay external.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'

const compiled = resolve('build/src')
const { exports, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

/** The public entry points, named as in package.json. */
const entryPoints = Object.values(exports)
  .map((entry) => entry.default)
  .filter((path) => path !== undefined)
  .map((path) => path.slice('./dist/'.length, -'.js'.length))

/**
 * Modules whose namespaces are used as objects: `import os from 'osier'`, `os.path`. Each stays a file, so that it stays
 * a module namespace, as in the source. A bundler would create an object instead, which would differ from the namespace
 * of `osier/path`, and whose properties V8 looks up more slowly.
 */
const namespaces = ['namespace', 'path', 'promises', 'micropython/os', 'micropython/vfs', 'sjs/os']

const programs = {
  'cli/main': 'cli/main',
  // Programs of worker threads, in the folder of the module that starts them, in build/src and in dist/.
  dupterm_thread: 'micropython/dupterm_thread',
  epoll_thread: 'event_loop/epoll_thread',
}

/** The programs of the tour, which are published as files that can be read and run. */
const tour = readdirSync('examples/tour')
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))

const fileOf = (name) => join(compiled, `${name}.js`)
const nameOf = (file) => relative(compiled, file).split(sep).join('/').slice(0, -'.js'.length)

/** Prefix of the import of a namespace until the importing file, and so the relative path, is known. */
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

/** Removes files of earlier builds, which would otherwise be tested and packed. */
const removeStale = {
  name: 'remove-stale',
  writeBundle({ dir }, bundle) {
    for (const path of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      const file = path.split(sep).join('/')
      const isStale = file.endsWith('.d.ts')
        ? !existsSync(join('src', file.replace(/\.d\.ts$/, '.ts')))
        : file.endsWith('.js') && bundle[file] === undefined
      if (isStale) rmSync(join(dir, file))
    }
  },
}

/** A module and all modules that it imports, directly or not. */
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
 * As few chunks as possible for `import 'osier'`: `facts`, which `osier/stat` and `osier/errno` need too, without koffi,
 * and `core`, the other modules of `os`. Rollup groups all other modules by the entry points that import them. The
 * promises stay out of `core`: Rollup would rename one of two functions that have the same name in one file, and users
 * would see that name, in stack traces too.
 */
let facts
let core

function manualChunks(id, { getModuleInfo }) {
  facts ??= reachable('stat', getModuleInfo, reachable('errno', getModuleInfo))
  core ??= reachable('path', getModuleInfo, reachable('os/index', getModuleInfo))
  const name = nameOf(id)
  if (entryPoints.includes(name) || namespaces.includes(name)) return undefined
  // A chunk for itself, because it must run before koffi, which core imports.
  if (name === 'libc/platform_package') return 'platform_package'
  if (facts.has(name)) return 'facts'
  return core.has(name) ? 'core' : undefined
}

export default {
  input: {
    ...Object.fromEntries([...entryPoints, ...namespaces].map((name) => [name, fileOf(name)])),
    ...Object.fromEntries(Object.entries(programs).map(([name, source]) => [name, fileOf(source)])),
    ...Object.fromEntries(tour.map((name) => [`tour/${name}`, resolve('build/examples/tour', `${name}.js`)])),
  },
  external: [/^node:/, /^osier($|\/)/, ...Object.keys(dependencies)],
  plugins: [keepNamespaces, removeStale],
  // tsc's helpers for `using` read `this`, as scripts may; in a module it is undefined, with or without Rollup.
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
