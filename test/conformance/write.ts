import { writeFileSync } from 'node:fs'
import { inRepository } from '../../tools/repository.ts'
import { page } from './page.ts'

// `npm run conformance`: writes the page about what holds and what does not.

writeFileSync(inRepository('docs/conformance.md'), page())
