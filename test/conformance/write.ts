import { writeFileSync } from 'node:fs'
import { page } from './page.ts'

// `npm run conformance`: writes the page about what holds and what does not.

writeFileSync('docs/conformance.md', page())
