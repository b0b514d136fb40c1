import os from 'osier'

// What this process may do with a file, by its real user. Use it for messages; to open a file, just open it, since the
// result may be out of date by then.

const [, , file = import.meta.filename] = process.argv

console.log('Testing:', file)
console.log('Exists:', os.access(file, os.F_OK))
console.log('Readable:', os.access(file, os.R_OK))
console.log('Writable:', os.access(file, os.W_OK))
console.log('Executable:', os.access(file, os.X_OK))
