import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DIST } from '../../tools/declarations/functions.ts'

const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.d.ts'))

/** The names of all properties that may be missing, by the declarations: all options are among them. */
export const optionNames: readonly string[] = [
  ...new Set(
    files
      .flatMap((file) => [...readFileSync(join(DIST, file), 'utf8').matchAll(/readonly (\w+)\?:/g)])
      .map(([, name = '']) => name),
  ),
]
