import os from 'osier'

// One process becomes two, and both go on from here: the parent with the child's id, the child with 0.

const pid = os.fork()

if (pid === 0) {
  console.log('CHILD: Here I am')
} else {
  console.log('PARENT: The child is process', pid)
  // A child that has ended stays in the table of processes until its parent has asked how.
  os.waitpid(pid, 0)
}
