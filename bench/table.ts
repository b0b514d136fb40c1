import type { Result } from './harness.ts'

/** Results as a table in Markdown. */
export function table(results: readonly Result[]): string {
  const head = ['work', 'against', 'theirs', "osier's", 'ratio', 'at most', '']
  const rows = [head, head.map((_, i) => (i < 2 ? '---' : '--:')), ...results.map(row)]
  const widths = head.map((_, i) => Math.max(...rows.map((cells) => cells[i]?.length ?? 0)))
  return rows.map((cells) => `| ${cells.map((cell, i) => padded(cell, widths[i] ?? 0, i)).join(' | ')} |`).join('\n')
}

function padded(cell: string, width: number, column: number): string {
  if (cell === '---') return '-'.repeat(width)
  if (cell === '--:') return `${'-'.repeat(width - 1)}:`
  return column < 2 ? cell.padEnd(width) : cell.padStart(width)
}

function row({ work, rival, osier, other }: Result): string[] {
  if (typeof other === 'string') return [work.name, rival.name, other, duration(osier), '', '', 'not compared']
  const more = (osier - other) / 1e6
  const [found, limit, shown] =
    rival.atMostMore === undefined
      ? [osier / other, rival.atMost, (value: number): string => value.toFixed(2)]
      : [more, rival.atMostMore, (value: number): string => `${value.toFixed(1)} ms more`]
  const verdict = limit === undefined ? '' : found <= limit ? 'met' : 'NOT MET'
  const target = limit === undefined ? '' : shown(limit)
  return [work.name, rival.name, duration(other), duration(osier), shown(found), target, verdict]
}

function duration(ns: number): string {
  if (ns < 10_000) return `${ns.toFixed(0)} ns`
  return ns < 10e6 ? `${(ns / 1e3).toFixed(0)} µs` : `${(ns / 1e6).toFixed(1)} ms`
}
