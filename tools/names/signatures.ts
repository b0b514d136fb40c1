import { join } from 'node:path'
import { DIST, declared } from '../declarations/functions.ts'
import type { Name } from '../reference/chapters.ts'

/** How a function is called, as its declarations say: `mkdir(path, mode?, { dir_fd })`. */
export function callOf({ name, file }: Name): string {
  const home = join(DIST, file.replace(/^src\/(.*)\.ts$/, '$1.d.ts'))
  const { positional, required, named } = declared(name, home)
  const words = positional.map((one, index) => {
    return `${one.isRest ? '...' : ''}${one.name}${index >= required && !one.isRest ? '?' : ''}`
  })
  if (named.length > 0) words.push(`{ ${named.map((one) => one.name).join(', ')} }`)
  return `${name}(${words.join(', ')})`
}
