// tsc compiles src/ to build/src and declarations; this joins the JavaScript into the few published files of dist/.
// Node takes half a millisecond to find and read a module, and osier has a hundred: joined, `import 'osier'` takes a
// third of the time (see docs/performance.md). The code is not changed otherwise, comments are kept, and koffi and
// js-fatfs stay external.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

const compiled = resolve('build/src')
const { exports, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

/** The public entry points, named as in package.json. */
const entryPoints = Object.values(exports)
  .map((entry) => entry.default)
  .filter((path) => path !== undefined)
  .map((path) => path.slice('./dist/'.length, -'.js'.length))

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

/**
 * Makes an ordinary object of each namespace that is used as an object: the default exports (`export * as default`),
 * `os.path`, `os.promises`. Rollup writes it as a literal without a prototype. With a prototype V8 looks its properties up
 * as quickly as those of a module, and they can be replaced: `mock.method(os, 'getpid')`, `vi.spyOn(os, 'getpid')`.
 */
const ordinaryNamespaces = {
  name: 'ordinary-namespaces',
  renderChunk: (code) =>
    // A module that exports its own namespace as default has `default` among its names.
    code.replaceAll(
      /(?<=^(?:const|let|var) [\w$]+ = \{)\s+__proto__: null,([^}]*(?:\{[^}]*\}[^}]*)*)(?=^\};$)/gm,
      (_, names) => names.replace(/\s+get default \(\) \{ return [\w$]+; \},?/, ''),
    ),
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
    if (id.startsWith(compiled)) reachable(nameOf(id), getModuleInfo, found)
  }
  return found
}

/**
 * As few chunks as possible for `import 'osier'`: `facts`, which `osier/stat` and `osier/errno` need too, without koffi,
 * and `core`, the other modules of `os`. Rollup groups all other modules by the entry points that import them. The
 * promises stay out of `core`: Rollup would rename one of two functions that have the same name in one file, and users
 * would see that name, in stack traces too. What promises and sibling modules share of waiting is one chunk as well,
 * `waits`: `osier/promises` and each sibling would otherwise read several files more.
 */
let facts
let core
let waits

function manualChunks(id, { getModuleInfo }) {
  facts ??= reachable('stat', getModuleInfo, reachable('errno', getModuleInfo))
  core ??= reachable('path', getModuleInfo, reachable('os/index', getModuleInfo))
  waits ??= ['promises/on_pool', 'promises/wait_options', 'promises/pause', 'event_loop/fd_operation'].reduce(
    (found, module) => reachable(module, getModuleInfo, found),
    new Set(),
  )
  const name = nameOf(id)
  if (entryPoints.includes(name)) return undefined
  // A chunk for itself, because it must run before koffi, which core imports.
  if (name === 'libc/platform_package') return 'platform_package'
  if (facts.has(name)) return 'facts'
  if (core.has(name)) return 'core'
  return waits.has(name) ? 'waits' : undefined
}

export default {
  input: {
    ...Object.fromEntries(entryPoints.map((name) => [name, fileOf(name)])),
    ...Object.fromEntries(Object.entries(programs).map(([name, source]) => [name, fileOf(source)])),
    ...Object.fromEntries(tour.map((name) => [`tour/${name}`, resolve('build/examples/tour', `${name}.js`)])),
  },
  external: [/^node:/, /^osier($|\/)/, ...Object.keys(dependencies)],
  plugins: [ordinaryNamespaces, removeStale],
  // tsc's helpers for `using` read `this`, as scripts may; in a module it is undefined, with or without Rollup.
  onwarn: (warning, warn) => warning.code !== 'THIS_IS_UNDEFINED' && warn(warning),
  output: {
    dir: 'dist',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    manualChunks,
    minifyInternalExports: false,
    // Names of a namespace that is used as an object can be replaced.
    freeze: false,
    hoistTransitiveImports: false,
  },
}
