import os from 'osier'

// What a shell does for each command: the child becomes another program, and the parent waits for it.

const child = os.fork()

if (child === 0) os.execlp('pwd', 'pwd', '-P')
else os.waitpid(child, 0)
