/**
 * How two texts differ: each line that only one of them has, "- " of the first and "+ " of the second, with its number.
 * Texts of the same lines in another order give the first line that has another place.
 */
export function lineDifferences(written: string, fresh: string): string[] {
  if (written === fresh) return []
  const [before, after] = [written.split('\n'), fresh.split('\n')]
  const found = [...without(before, after, '-'), ...without(after, before, '+')].sort(([a], [b]) => a - b)
  if (found.length > 0) return found.map(([, line]) => line)
  const at = before.findIndex((line, index) => line !== after[index])
  return [`the same lines in another order, from line ${at + 1} on`, `- ${before[at]}`, `+ ${after[at]}`]
}

/** The lines that the others lack, or have less often. */
function without(lines: readonly string[], others: readonly string[], sign: string): [number: number, text: string][] {
  const left = new Map<string, number>()
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1)
  return lines.flatMap((line, index): [number, string][] => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count > 0 ? [] : [[index + 1, `${sign} ${index + 1}: ${line}`]]
  })
}
