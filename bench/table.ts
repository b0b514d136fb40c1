import type { Result, Work } from './harness.ts'

/** Results as a table in Markdown. */
export function table(results: readonly Result[]): string {
  const head = ['work', 'against', 'theirs', "osier's", 'ratio', 'at most', 'floor', '']
  const rows = [head, head.map((_, i) => (i < 2 ? '---' : '--:')), ...results.map((one) => row(one, results))]
  const widths = head.map((_, i) => Math.max(...rows.map((cells) => cells[i]?.length ?? 0)))
  return rows.map((cells) => `| ${cells.map((cell, i) => padded(cell, widths[i] ?? 0, i)).join(' | ')} |`).join('\n')
}

function padded(cell: string, width: number, column: number): string {
  if (cell === '---') return '-'.repeat(width)
  if (cell === '--:') return `${'-'.repeat(width - 1)}:`
  return column < 2 ? cell.padEnd(width) : cell.padStart(width)
}

function row(result: Result, all: readonly Result[]): string[] {
  const { work, rival, osier, other } = result
  if (typeof other === 'string') return [work.name, rival.name, other, duration(osier), '', '', '', 'not compared']
  const more = (osier - other) / 1e6
  const [found, limit, shown] =
    rival.atMostMore === undefined
      ? [osier / other, rival.atMost, (value: number): string => value.toFixed(2)]
      : [more, rival.atMostMore, (value: number): string => `${value.toFixed(1)} ms more`]
  const verdict = limit === undefined ? '' : found <= limit ? 'met' : 'NOT MET'
  const target = limit === undefined ? '' : shown(limit)
  const floor = rival.atMost === undefined ? '' : floorOf(work, other, all)
  return [work.name, rival.name, duration(other), duration(osier), shown(found), target, floor, verdict]
}

/** The ratio that the floor of a piece of work has to a rival of osier. */
function floorOf(work: Work, other: number, all: readonly Result[]): string {
  const floor = all.find((one) => one.work === work && one.rival.isFloor === true)?.other
  return typeof floor === 'number' ? (floor / other).toFixed(2) : ''
}

function duration(ns: number): string {
  if (ns < 10_000) return `${ns.toFixed(0)} ns`
  return ns < 10e6 ? `${(ns / 1e3).toFixed(0)} µs` : `${(ns / 1e6).toFixed(1)} ms`
}
