import os from 'osier'

// A directory with the kind of each entry. The kernel returns types with the names, so for most entries nothing more
// has to be asked, where `listdir` and then `stat` would ask once for each.

const [, , directory = '.'] = process.argv

function kind(entry: os.DirEntry): string {
  // The first two follow symbolic links, so what is left for the third are links that point to nothing of either kind.
  if (entry.is_dir()) return 'dir'
  if (entry.is_file()) return 'file'
  if (entry.is_symlink()) return 'link'
  return 'unknown'
}

for (const entry of os.scandir(directory)) console.log(entry.name, kind(entry))
