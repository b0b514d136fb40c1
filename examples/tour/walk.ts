import os from 'osier'

// A whole tree: one step for each directory in it, with the names of its directories and those of everything else.

const [, , top = os.environ.TMPDIR ?? '/tmp'] = process.argv

for (const [directory, subdirectories, files] of os.walk(top)) {
  console.log(directory)
  const contents = [...subdirectories.map((name) => `${name}/`), ...files]
  for (const name of contents.sort()) console.log(`  ${name}`)
  console.log()
}
