import { readFileSync } from 'node:fs'
import { inRepository } from './repository.ts'

const { name: packageName, exports } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as {
  readonly name: string
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>
}

/** The front doors as package.json names them behind the package's name: '' is `osier`, 'path' is `osier/path`. */
const doors: readonly string[] = Object.keys(exports)
  .filter((door) => typeof exports[door] !== 'string')
  .map((door) => door.slice('./'.length))

/** What a front door is imported by: `osier/path`. */
function specifier(door: string): string {
  return door === '' ? packageName : `${packageName}/${door}`
}

/** What users import, in the order of package.json: `osier`, `osier/promises`, ... */
export const frontDoors: readonly string[] = doors.map(specifier)

/** Front doors with an `os` of their own. */
export const dialects: readonly string[] = ['micropython', 'sjs'].map(specifier)

/** Python's sibling modules of `os`: `path`, `stat`, ..., without the package's name. */
export const siblings: readonly string[] = doors.filter(
  (door) => door !== '' && door !== 'promises' && !dialects.includes(specifier(door)),
)

/** The front door that a source file is behind, by its path below `src/`. */
export function frontDoorOf(file: string): string {
  const [folder = ''] = file.split('/')
  // The file systems and block devices are MicroPython's.
  const room = folder === 'vfs' ? 'micropython' : folder.replace(/\.ts$/, '')
  return specifier(doors.includes(room) ? room : '')
}

/** The declarations of each front door below `dist/`, under the name by which users import it. */
export function declarationsOfDoors(): [frontDoor: string, file: string][] {
  return doors.map((door) => [specifier(door), `${door === '' ? 'index' : door}.d.ts`])
}
