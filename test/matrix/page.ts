import type { Results } from './results.ts'
export function page(results: Results, _: string): string {
  return JSON.stringify(results)
}
