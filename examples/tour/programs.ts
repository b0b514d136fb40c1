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
  { name: 'walk', shows: 'a tree of directories', args: ['examples'], folder: 'project' },
  { name: 'scandir', shows: 'names and kinds at once', args: ['/'], folder: 'project' },
  { name: 'stat', shows: 'what the system knows of a file', args: ['package.json'], folder: 'project' },
  { name: 'stat_chmod', shows: 'permissions read and changed', folder: 'empty' },
  { name: 'access', shows: 'what this process may do', args: ['package.json'], folder: 'project' },
  { name: 'directories', shows: 'made and removed', folder: 'empty' },
  { name: 'symlinks', shows: 'files that point to files', folder: 'empty' },
  { name: 'rename_replace', shows: 'a new name, and new contents, in one step', folder: 'empty' },
  { name: 'cwd', shows: 'the current directory', folder: 'project' },
]
