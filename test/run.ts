import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, sep } from 'node:path'

// Runs every test file, or those whose path contains one of the words given: `node build/test/run.js walk scandir`.

const root = 'build/test'
const words = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const flags = process.argv.slice(2).filter((word) => word.startsWith('-'))

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => words.length === 0 || words.some((word) => file.split(sep).join('/').includes(word)))
  .sort()
  .map((file) => join(root, file))

if (files.length === 0) {
  // Without files `node --test` would look for some by itself.
  console.error(`no test file has ${words.join(' or ')} in its path`)
  process.exit(1)
}

const guard = new URL('./support/descriptors.js', import.meta.url).href
const child = spawnSync(process.execPath, ['--import', guard, '--test', ...flags, ...files], { stdio: 'inherit' })
process.exitCode = child.status ?? 1
