import { readFileSync, writeFileSync } from 'node:fs'

/** The page of figures: a run is written between its markers. */
const PAGE = 'docs/performance.md'
const MARKED = /(<!-- npm run bench -->\n).*(<!-- end -->)/s

/** Writes what a run has printed to the page of figures, and to the README the ratios that it shows. */
export function write(printed: string): void {
  const page = readFileSync(PAGE, 'utf8').replace(MARKED, (_, start: string, end: string) => {
    return `${start}${printed}\n${end}`
  })
  writeFileSync(PAGE, page)
  writeFileSync(
    'README.md',
    readFileSync('README.md', 'utf8').replaceAll(/^\| `(.*)` \| [\d.]+ \| [\d.]+ \|$/gm, ratios),
  )

  function ratios(row: string, work: string): string {
    const [python, node] = [/^CPython/, /^(fs|process|crypto)\./].map((rival) => ratio(page, work, rival))
    return python === undefined || node === undefined ? row : `| \`${work}\` | ${python} | ${node} |`
  }
}

function ratio(page: string, work: string, rival: RegExp): string | undefined {
  const rows = page.split('\n').map((row) => row.split('|').map((cell) => cell.trim()))
  return rows.find(([, first, second = '']) => first === work && rival.test(second))?.[5]
}
