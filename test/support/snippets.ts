import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inRepository, repository } from '../../tools/repository.ts'

/**
 * Compiles programs as a user of the installed package does; all at once, since starting the compiler takes most of the
 * time.
 *
 * @param folder an empty folder; each program gets one of its own in it, `example0` and so on
 * @param programs the contents of `program.ts` of each
 * @returns the compiler's error messages
 */
export function compileAll(folder: string, programs: readonly string[]): string {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(repository, join(folder, 'node_modules/osier'))
  for (const [index, program] of programs.entries()) {
    mkdirSync(folderOf(folder, index))
    writeFileSync(join(folderOf(folder, index), 'program.ts'), program)
  }
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'es2022', lib: ['es2023', 'esnext.disposable'], strict: true },
    ...{ noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noUnusedLocals: true },
    ...{ types: ['node'], typeRoots: [inRepository('node_modules/@types')] },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['example*/*.ts'] }))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const compiler = inRepository('node_modules/typescript/bin/tsc')
  return spawnSync(process.execPath, [compiler, '-p', folder], { cwd: folder, encoding: 'utf8' }).stdout
}

/** The folder of one program: `program.js` is there. */
export function folderOf(folder: string, index: number): string {
  return join(folder, `example${index}`)
}
