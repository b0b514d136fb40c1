import { fdir } from 'fdir'
import os from 'osier'
import { inNode, inPython, inShell } from '../contestants.ts'
import type { Work } from '../harness.ts'

const TREE = '/usr'

export const works: readonly Work[] = [
  {
    name: `os.walk(${TREE})`,
    osier: inNode(() => {
      let names = 0
      for (const [, directories, files] of os.walk(TREE)) names += directories.length + files.length
      return names
    }),
    against: [
      {
        name: 'CPython',
        entry: inPython(
          `sum(len(directories) + len(files) for _, directories, files in os.walk('${TREE}'))`,
          'import os',
        ),
        atMost: 0.65,
      },
      {
        // walk tells directories from files and gives all that a full path takes; fdir does either only with an option.
        name: 'fdir, withFullPaths, withDirs',
        entry: inNode(() => new fdir().withFullPaths().withDirs().crawl(TREE).sync().length),
        atMost: 0.7,
      },
      { name: 'find', entry: inShell('find', [TREE]), atMost: 1.1 },
    ],
  },
]
