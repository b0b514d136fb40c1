import os from 'osier'

// The names of what is in a directory. Files and directories are listed together, in the order in which the file system
// stores them: sort them if it matters.

const [, , directory = '.'] = process.argv

for (const name of os.listdir(directory)) console.log(name)
