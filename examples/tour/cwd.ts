import os from 'osier'

// The current directory, where relative paths start. It belongs to the whole process: after `os.chdir` Node's own
// functions start from the new one as well.

console.log('Starting:', os.getcwd())

console.log('Moving up one:', os.pardir)
os.chdir(os.pardir)

console.log('After move:', os.getcwd())
