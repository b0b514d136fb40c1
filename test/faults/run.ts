import { writeSection } from '../support/page_section.ts'
import { failSyscalls, makeSituations } from './faults.ts'
import { completed, section } from './page.ts'

// Brings all faults about, and writes what came of them into docs/reliability.md.

const text = section(completed(await failSyscalls()), completed(await makeSituations()))
writeSection('faults', text)
console.log(text)
