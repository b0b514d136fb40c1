/** A program of the tour. */
export interface Program {
  /** The file's name, and the word that picks it: `npm run tour -- walk`. */
  readonly name: string
  /** What it shows, for the title of its section. */
  readonly shows: string
  /** What the tour gives it on the command line. */
  readonly args?: readonly string[]
  /** Where the tour runs it: in the folder of this project, or, because it makes files, in an empty one. */
  readonly folder: 'project' | 'empty'
}

/** All of them, in the order in which they are to be read. */
export const programs: readonly Program[] = [
  { name: 'listdir', shows: 'the names in a directory', args: ['.'], folder: 'project' },
  { name: 'walk', shows: 'a tree of directories', args: ['dist/libc'], folder: 'project' },
  { name: 'scandir', shows: 'names and kinds at once', args: ['/'], folder: 'project' },
  { name: 'stat', shows: 'what the system knows of a file', args: ['package.json'], folder: 'project' },
  { name: 'stat_chmod', shows: 'permissions read and changed', folder: 'empty' },
  { name: 'access', shows: 'what this process may do', args: ['package.json'], folder: 'project' },
  { name: 'directories', shows: 'made and removed', folder: 'empty' },
  { name: 'symlinks', shows: 'files that point to files', folder: 'empty' },
  { name: 'rename_replace', shows: 'a new name, and new contents, in one step', folder: 'empty' },
  { name: 'process_user', shows: 'whose process this is, and what it may do', folder: 'empty' },
  { name: 'environ', shows: 'the environment, here and in children', folder: 'empty' },
  { name: 'cwd', shows: 'the current directory', folder: 'project' },
  { name: 'system', shows: 'a command', folder: 'empty' },
  { name: 'system_shell', shows: 'a command for the shell to expand', folder: 'empty' },
  { name: 'system_background', shows: 'a command that goes on by itself', folder: 'empty' },
  { name: 'fork', shows: 'two processes out of one', folder: 'empty' },
  { name: 'kill', shows: 'a signal from one process to another', folder: 'empty' },
  { name: 'exec', shows: 'a child that becomes another program', folder: 'empty' },
  { name: 'wait', shows: 'children in the order in which they end', folder: 'empty' },
  { name: 'waitpid', shows: 'one child after the other', folder: 'empty' },
  { name: 'spawn', shows: 'another program, at once', folder: 'empty' },
  { name: 'strerror', shows: "the system's words for its errors", folder: 'empty' },
  { name: 'users', shows: 'users, groups and the system log', folder: 'empty' },
  { name: 'send_fds', shows: 'a descriptor that goes to another process', folder: 'empty' },
  { name: 'mapped_memory', shows: 'a file in memory, and memory of two processes', folder: 'empty' },
]
