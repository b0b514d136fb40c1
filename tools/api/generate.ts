/**
 * Writes the public declarations of the build to test/fixtures/api.txt: `npm run api`.
 *
 *   node build/tools/api/generate.js [DIST] [FILE]
 *
 * DIST   the folder with the declarations; `dist` by default, another one to compare two builds
 * FILE   where to write; `test/fixtures/api.txt` by default
 */

import { writeFileSync } from 'node:fs'
import { inRepository } from '../repository.ts'
import { publicDeclarations, REPORT } from './report.ts'

const [dist, file = inRepository(REPORT)] = process.argv.slice(2)
writeFileSync(file, publicDeclarations(dist))
