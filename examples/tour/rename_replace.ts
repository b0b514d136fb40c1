import { readFileSync, writeFileSync } from 'node:fs'
import os from 'osier'

// `rename` gives a file a new name, `replace` puts it in the place of another. Either is atomic: a process that opens
// the name at that moment finds the old contents or the new ones, never half of them, and never nothing.

function names(): string {
  return os.listdir('.').join(' ')
}

// A directory of its own, which must not exist yet: so no file of yours is in danger.
os.mkdir('rename_replace_example')
os.chdir('rename_replace_example')

writeFileSync('start.txt', 'starting as start.txt')
console.log('Starting:', names())

os.rename('start.txt', 'finish.txt')
console.log('After rename:', names())
console.log('Contents:', readFileSync('finish.txt', 'utf8'))

writeFileSync('new_contents.txt', 'ending with the contents of new_contents.txt')
os.replace('new_contents.txt', 'finish.txt')
console.log('After replace:', readFileSync('finish.txt', 'utf8'))

for (const name of os.listdir('.')) os.unlink(name)
os.chdir('..')
os.rmdir('rename_replace_example')
