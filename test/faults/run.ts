import { writeSection } from '../support/page_section.ts'
import { failSyscalls, makeSituations } from './faults.ts'
import { completed, section } from './page.ts'

// Makes the calls under all faults, and writes the outcomes to docs/reliability.md.

const text = section(completed(await failSyscalls()), completed(await makeSituations()))
writeSection('faults', text)
console.log(text)
