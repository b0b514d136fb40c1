import os from 'osier'
import { mmap } from 'osier/mmap'

// A file is read and changed in memory, and two processes share memory without a file.

const fd = os.open('greeting', os.O_RDWR | os.O_CREAT)
os.write(fd, Buffer.from('Hello Python!\n'))
const memory = new mmap(fd, 0)
os.close(fd)
console.log(memory.readline().toString().trim(), memory.length)
memory.set_slice(6, 12, Buffer.from(' world'))
memory.close()
console.log(os.fdopen(os.open('greeting', os.O_RDONLY)).read().trim())

const shared = new mmap(-1, 13)
const child = os.fork()
if (child === 0) {
  shared.write(Buffer.from('from the child'.slice(0, 13)))
  os._exit(0)
}
os.waitpid(child, 0)
console.log(shared.read().toString())
os.remove('greeting')
