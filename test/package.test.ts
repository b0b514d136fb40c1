/** The package as users get it: packed, installed into an empty folder, imported, required, type-checked. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, posix, resolve } from 'node:path'
import { describe, test } from 'node:test'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { rollup } from 'rollup'
import { programs } from '../examples/tour/programs.ts'
import { inRepository } from '../tools/repository.ts'
import { temporaryFolder } from './support/folder.ts'
import { onlyNode } from './support/runtime.ts'
import { all, partOfAll } from './support/share.ts'

const MEGABYTE = 2 ** 20

interface Packed {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

interface Output {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(cwd: string, command: string, ...args: string[]): Output {
  return spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 120_000 })
}

function succeed(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = run(cwd, command, ...args)
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

const folder = temporaryFolder()
const source = join(folder, 'source')
const installed = join(folder, 'installed')
const manifest: Manifest = JSON.parse(readFileSync(inRepository('package.json'), 'utf8'))

/**
 * Packs a copy of the project. Packing builds from nothing, which takes as long as a build: unless all steps are asked for
 * the copy has the build that is here, on which the other tests run.
 */
function pack(): Packed {
  mkdirSync(source)
  const papers = ['README.md', 'LICENSE', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs']
  const sources = ['tsconfig.base.json', 'rollup.config.js', 'src', 'test', 'examples']
  for (const name of ['package.json', ...papers, ...(all ? sources : ['dist'])]) {
    cpSync(inRepository(name), join(source, name), { recursive: true })
  }
  symlinkSync(inRepository('node_modules'), join(source, 'node_modules'))
  const flags = ['--json', '--foreground-scripts=false', ...(all ? [] : ['--ignore-scripts'])]
  const [packed]: Packed[] = JSON.parse(succeed(source, 'npm', 'pack', ...flags))
  assert.ok(packed)
  return packed
}

const packed = pack()

test('the package holds the bundle, the declarations of every source, the papers, and nothing else', () => {
  const sources = readdirSync(inRepository('src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  const declarations = sources.map((file) => `dist/${file.slice(0, -'.ts'.length)}.d.ts`)
  const papers = ['README.md', 'LICENSE', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']
  papers.push(...readdirSync(inRepository('docs')).map((name) => `docs/${name}`))
  const paths = packed.files.map(({ path }) => path)
  assert.deepEqual(
    paths.filter((path) => !/^dist\/.*\.js$/.test(path)).sort(),
    [...declarations, ...papers, 'package.json'].sort(),
  )
  const bundle = readdirSync(inRepository('dist'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  )
  const code = paths.filter((path) => path.endsWith('.js'))
  assert.deepEqual(code.sort(), bundle.map((file) => `dist/${file}`).sort())
})

test('what is packed is what all tests run on', { skip: partOfAll }, () => {
  for (const { path } of packed.files)
    assert.ok(readFileSync(inRepository(path)).equals(readFileSync(join(source, path))), path)
})

test('links of the papers lead to what is in the package', () => {
  const paths = new Set(packed.files.map(({ path }) => path))
  const papers = [...paths].filter((path) => path.endsWith('.md'))
  const links = papers.flatMap((paper) =>
    [...readFileSync(inRepository(paper), 'utf8').matchAll(/\]\((?![a-z]+:|#)([^)#]+)/g)].map(
      ([, target = '']) => [paper, posix.join(posix.dirname(paper), target)] as const,
    ),
  )
  assert.ok(links.length > 10)
  for (const [paper, target] of links) assert.ok(paths.has(target), `${paper} links to ${target}`)
})

/** What modules import of the package itself, directly and through others. */
function filesOf(door: string, found = new Set<string>()): Set<string> {
  if (found.has(door)) return found
  found.add(door)
  for (const [, specifier = ''] of readFileSync(inRepository(door), 'utf8').matchAll(
    /^(?:import|export) .*?'(\.[^']*)';$/gm,
  )) {
    filesOf(join(dirname(door), specifier), found)
  }
  return found
}

test('an import reads few files', (t) => {
  const files = filesOf('dist/index.js')
  t.diagnostic(`import 'osier' reads ${[...files].join(', ')}`)
  assert.ok(files.size <= 8)
})

test('no file leads back to itself: bundlers would have to use something before it is there', () => {
  const importsOf = (file: string): string[] => [...filesOf(file)].filter((other) => other !== file)
  const all = packed.files.map(({ path }) => path).filter((path) => path.endsWith('.js'))
  const circles = all.flatMap((file) => importsOf(file).filter((other) => filesOf(other).has(file)))
  assert.deepEqual(circles, [])
})

test('osier/stat and osier/errno need no koffi', () => {
  const code = [...filesOf('dist/stat.js'), ...filesOf('dist/errno.js')].map((file) =>
    readFileSync(inRepository(file), 'utf8'),
  )
  assert.ok(code.every((text) => !text.includes("from 'koffi'")))
})

test('every front door has the same OSError, and functions under their own names', async () => {
  const os = await import('osier')
  const micropython = await import('osier/micropython')
  const sjs = await import('osier/sjs')
  assert.throws(() => micropython.stat('/no/such/file'), os.OSError)
  assert.throws(() => sjs.chdir('/no/such/folder'), os.OSError)
  // `error` is another name of OSError, in CPython too.
  for (const [name, value] of Object.entries(os)) {
    if (typeof value === 'function' && name !== 'error') assert.equal(value.name, name)
  }
})

test('the package is small', (t) => {
  t.diagnostic(`packed ${Math.round(packed.size / 1024)} KiB, unpacked ${Math.round(packed.unpackedSize / 1024)} KiB`)
  assert.ok(packed.unpackedSize < 3 * MEGABYTE, `${packed.unpackedSize} bytes`)
})

test('publint has nothing to say about it', async () => {
  const tarball = await readFile(join(source, packed.filename))
  const { messages } = await publint({ strict: true, pack: { tarball: new Uint8Array(tarball).buffer } })
  assert.deepEqual(messages, [])
})

test('are the types wrong? They are not, for all who can import ES modules', async (t) => {
  const tarball = await readFile(join(source, packed.filename))
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)))
  assert.ok(analysis.types)
  // Resolution of before `exports` finds no sub-paths. A CommonJS module has to `require` what is an ES module: that
  // Node can do it, from 20.19 on, is not known to the tool, but to TypeScript, as the programs below show.
  const kinds = analysis.problems
    .filter((problem) => !('resolutionKind' in problem && problem.resolutionKind === 'node10'))
    .map(({ kind }) => kind)
    .filter((kind) => kind !== 'CJSResolvesToESM')
  assert.deepEqual(kinds, [])
  t.diagnostic(`${Object.keys(analysis.entrypoints).length} front doors looked at`)
  assert.equal(Object.keys(analysis.entrypoints).length, Object.keys(manifest.exports).length)
})

test('installing it runs nothing', () => {
  const names = Object.keys(manifest.scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))
  assert.deepEqual(names, [])
})

test('koffi is all that it depends on, and js-fatfs for the virtual file systems', () => {
  assert.deepEqual(Object.keys(manifest.dependencies), ['js-fatfs', 'koffi'])
})

test('every front door leads somewhere, types first', () => {
  const files = new Set(packed.files.map(({ path }) => `./${path}`))
  for (const [door, targets] of Object.entries(manifest.exports)) {
    const paths = typeof targets === 'string' ? [targets] : Object.values(targets)
    for (const path of paths) assert.ok(files.has(path), `${door} leads to ${path}, which is not in the package`)
    if (typeof targets !== 'string') assert.deepEqual(Object.keys(targets), ['types', 'default'])
  }
})

/** Why there is nothing to install from, or false: only what says that no registry and no cache can be reached. */
function unreachable({ stderr }: Output): string | false {
  const code = /npm error code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED)/
  const found = code.exec(stderr)?.[1]
  return found === undefined ? false : `koffi is neither in npm's cache nor to be had from a registry (${found})`
}

function install(): string | false {
  mkdirSync(installed)
  writeFileSync(join(installed, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=0']
  const output = run(installed, 'npm', 'install', ...flags, join(source, packed.filename))
  const reason = unreachable(output)
  if (reason === false) assert.equal(output.status, 0, output.stderr)
  return reason
}

const skip = install()

const check = `
  const names = os.listdir('.')
  console.log(names.includes('package.json') && os.stat('package.json').st_size > 0 && os.getcwd() === process.cwd())
`

describe('installed', { skip }, () => {
  test('it can be imported', () => {
    writeFileSync(
      join(installed, 'program.js'),
      `import os, { stat } from 'osier'\n${check}\nconsole.log(stat === os.stat)`,
    )
    assert.equal(succeed(installed, process.execPath, 'program.js'), 'true\ntrue\n')
  })

  test('it can be required', (t) => {
    if (!process.features.require_module) return t.skip(`Node ${process.version} cannot require an ES module`)
    const program = `const os = require('osier')\n${check}
      const { default: signal } = require('osier/signal')
      console.log(os.default.stat === os.stat && os.default.path.join('a', 'b') + signal.SIGKILL)`
    writeFileSync(join(installed, 'program.cjs'), program)
    assert.equal(succeed(installed, process.execPath, 'program.cjs'), 'true\na/b9\n')
  })

  test('its command runs the tour, from any folder', () => {
    const command = join(installed, 'node_modules/.bin/osier')
    const { status, stdout, stderr } = run(folder, command, 'tour', 'walk', 'directories', 'fork', 'strerror')
    assert.deepEqual([status, stderr], [0, ''])
    const titles = [...stdout.matchAll(/^(\w+): .* -+$/gm)].map((match) => match[1])
    assert.deepEqual(titles, ['walk', 'directories', 'fork', 'strerror'])
    assert.match(stdout, /^dist\/libc\/targets\n {2}linux-/m)
    assert.match(stdout, /^The programs are in installed\/node_modules\/osier\/dist\/tour\.$/m)
    for (const { name } of programs)
      assert.ok(
        packed.files.some(({ path }) => path === `dist/tour/${name}.js`),
        name,
      )
  })

  test('import takes little time', (t) => {
    const program = `const start = performance.now(); await import('osier'); console.log(performance.now() - start)`
    const times = Array.from({ length: 5 }, () =>
      Number(succeed(installed, process.execPath, '--input-type=module', '-e', program)),
    )
    t.diagnostic(`import takes ${Math.min(...times).toFixed(1)} ms at best, of a budget of 30`)
  })

  /** The compiler's complaints about a program of the installed package; `skipLibCheck` off, so its own types count. */
  function complaints(file: string, module: string, moduleResolution: string): string {
    const project = {
      compilerOptions: {
        ...{ module, moduleResolution, target: 'es2022', lib: ['es2023', 'esnext.disposable'], strict: true },
        ...{ noEmit: true, skipLibCheck: false, exactOptionalPropertyTypes: true },
        ...{ types: ['node'], typeRoots: [inRepository('node_modules/@types')] },
      },
      files: [file],
    }
    writeFileSync(join(installed, 'tsconfig.json'), JSON.stringify(project))
    return run(installed, process.execPath, inRepository('node_modules/typescript/bin/tsc'), '-p', '.').stdout
  }

  const doors = Object.keys(manifest.exports).filter((door) => door !== '.' && !door.endsWith('.json'))
  const program = `${doors
    .map((door) => door.slice('./'.length))
    .map((name) => `import ${name} from 'osier/${name}'`)
    .join('\n')}
console.log(${doors.map((door) => `Object.keys(${door.slice('./'.length)})`).join()}, path.join('a', 'b'), signal.SIGINT)
import os, { type DirEntry, scandir } from 'osier'
const entries: DirEntry[] = [...scandir('.')]
const size: number | bigint = os.stat(entries[0] ?? '.', { follow_symlinks: false }).st_size
const names: Buffer[] = os.listdir(Buffer.from('.'))
for (const [directory, , files] of os.walk('.')) console.log(directory, files.length, size, names)
`

  for (const [module, moduleResolution] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    test(`its types hold under moduleResolution ${moduleResolution}`, () => {
      writeFileSync(join(installed, 'program.ts'), program)
      assert.equal(complaints('program.ts', module, moduleResolution), '')
      writeFileSync(join(installed, 'wrong.ts'), `import os from 'osier'\nos.stat(Symbol())\nos.no_such_name\n`)
      const wrong = complaints('wrong.ts', module, moduleResolution)
      assert.match(wrong, /wrong\.ts\(2,9\): error TS2345/)
      assert.match(wrong, /wrong\.ts\(3,4\): error TS2339/)
    })
  }

  test('its types hold in CommonJS that requires it', () => {
    writeFileSync(
      join(installed, 'program.cts'),
      `import os = require('osier')\nconst size: number | bigint = os.stat('.').st_size\nos.default.getpid()\n`,
    )
    assert.equal(complaints('program.cts', 'nodenext', 'nodenext'), '')
  })

  test("where koffi's binary is missing, the error names its package and what to do", () => {
    const [binaries, away] = [join(installed, 'node_modules/@koromix'), join(installed, 'node_modules/@away')]
    const built = join(installed, 'node_modules/koffi/build')
    renameSync(binaries, away)
    try {
      const { status, stderr } = run(installed, process.execPath, '-e', `import('osier')`)
      assert.equal(status, 1)
      assert.ok(stderr.includes(`The package @koromix/koffi-${process.platform}-${process.arch} is missing`), stderr)
      assert.ok(stderr.includes('npm install --include=optional'), stderr)
      // Where it may have been compiled on the spot, koffi itself is to say what it found.
      mkdirSync(built)
      assert.match(
        run(installed, process.execPath, '-e', `import('osier')`).stderr,
        /Cannot find the native Koffi module/,
      )
    } finally {
      rmSync(built, { recursive: true, force: true })
      renameSync(away, binaries)
    }
    assert.equal(run(installed, process.execPath, '-e', `import('osier')`).status, 0)
  })

  test('a Node that is too old is told which one it takes', () => {
    const old = `delete String.prototype.isWellFormed; import('osier')`
    const { status, stderr } = run(installed, process.execPath, '-e', old)
    assert.equal(status, 1)
    assert.ok(stderr.includes(`osier needs Node 20.19 or later, and this is ${process.version}`), stderr)
  })

  test('a bundle with koffi in it says what is missing, and works where that is', {
    skip: onlyNode('koffi looks for its binary in another way'),
  }, async () => {
    const modules = join(installed, 'node_modules')
    const [bundles, name] = [join(folder, 'a/b/bundles'), `koffi-${process.platform}-${process.arch}`]
    const { sideEffects }: { sideEffects: readonly string[] } = JSON.parse(
      readFileSync(join(modules, 'osier/package.json'), 'utf8'),
    )
    const kept = sideEffects.map((file) => join(modules, 'osier', file))
    const bundle = await rollup({
      input: join(modules, 'osier/dist/index.js'),
      external: /^node:/,
      onwarn() {},
      plugins: [
        {
          name: 'node-modules',
          // As other bundlers do it, which read package.json.
          resolveId(specifier, importer = '') {
            if (specifier.startsWith('node:')) return null
            const id = specifier === 'koffi' ? join(modules, 'koffi/index.js') : resolve(dirname(importer), specifier)
            return { id, moduleSideEffects: !id.startsWith(join(modules, 'osier')) || kept.includes(id) }
          },
        },
      ],
    })
    await bundle.write({ file: join(bundles, 'bundle.js'), format: 'es' })
    writeFileSync(join(bundles, 'package.json'), JSON.stringify({ type: 'module' }))
    writeFileSync(join(bundles, 'program.js'), `import * as os from './bundle.js'\n${check}`)
    writeFileSync(join(bundles, 'package.json'), JSON.stringify({ type: 'module' }))
    const { status, stderr } = run(bundles, process.execPath, 'program.js')
    assert.equal(status, 1)
    assert.ok(stderr.includes(`The package @koromix/${name} is missing`), stderr)
    cpSync(join(modules, '@koromix', name), join(folder, '@koromix', name), { recursive: true })
    assert.equal(succeed(bundles, process.execPath, 'program.js'), 'true\n')
  })
})
