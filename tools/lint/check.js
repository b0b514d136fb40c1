// Refuses what Biome has no rule for: imports that go in a circle or upward, koffi outside its folder, long files, and
// words that plain English replaces. Plain JavaScript, because `npm run lint` runs before anything is built.
//
//   node tools/lint/check.js [FOLDER]
//
// Prints one line for each finding, and exits with 1 if there is one. FOLDER is the repository by default.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { circles, importsOf, koffiImports, longFiles, upwardImports } from './structure.js'
import { identifierFindings, phraseFindings } from './words.js'

const TEXTS = /\.(?:ts|js|mjs|md)$/
const CODE = /\.(?:ts|js|mjs)$/
/** Fixtures, generated files, and the lists of these words. */
const EXEMPT = /^test\/fixtures\/|^tools\/reference\/node_modules\/|^tools\/lint\/vocabulary\.js$/

const root = process.argv[2] ?? '.'

/** The files at a path below the root, with their texts. */
function textsAt(path) {
  if (!existsSync(join(root, path))) return []
  const isFolder = statSync(join(root, path)).isDirectory()
  const names = isFolder
    ? readdirSync(join(root, path), { recursive: true, encoding: 'utf8' }).map((name) => `${path}/${name}`)
    : [path]
  return names
    .map((name) => name.split(sep).join('/'))
    .filter((name) => TEXTS.test(name) && !EXEMPT.test(name))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }))
}

const texts = [
  'src',
  'test',
  'tools',
  'bench',
  'examples',
  'docs',
  'README.md',
  'CONTRIBUTING.md',
  'rollup.config.js',
].flatMap(textsAt)
const code = texts.filter(({ name }) => CODE.test(name))
const sources = texts.filter(({ name }) => /^src\/.*\.ts$/.test(name))
const imports = new Map(sources.map(({ name, text }) => [name, importsOf(name, text)]))

const findings = [
  ...circles(imports),
  ...upwardImports(imports),
  ...sources.flatMap(koffiImports),
  ...sources.flatMap(longFiles),
  ...code.flatMap(identifierFindings),
  ...texts.flatMap(phraseFindings),
]
for (const finding of findings) console.error(finding)
if (findings.length > 0) process.exitCode = 1
