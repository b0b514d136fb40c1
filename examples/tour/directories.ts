import { writeFileSync } from 'node:fs'
import os from 'osier'
import { join } from 'osier/path'

// Makes a directory with a file in it, then removes both: a directory has to be empty before it goes.

const directory = 'directories_example'
console.log('Creating', directory)
os.makedirs(directory)

const file = join(directory, 'example.txt')
console.log('Creating', file)
writeFileSync(file, 'example file')

console.log('Cleaning up')
os.unlink(file)
os.rmdir(directory)
