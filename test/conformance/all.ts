import { classes as attributes } from './attributes.ts'
import { classes as constants } from './constants.ts'
import { classes as descriptors } from './descriptors.ts'
import { classes as environment } from './environment.ts'
import { classes as files } from './files.ts'
import { classes as forks } from './forks.ts'
import { classes as genericpath } from './genericpath.ts'
import { classes as listing } from './listing.ts'
import { classes as names } from './names.ts'
import { classes as posix } from './posix.ts'
import { classes as posixSpawn } from './posix_spawn.ts'
import { classes as posixpath } from './posixpath.ts'
import { classes as processes } from './processes.ts'
import { classes as random } from './random.ts'
import { classes as status } from './status.ts'
import type { PythonClass } from './suite.ts'

export const classes: readonly PythonClass[] = [
  ...files,
  ...status,
  ...environment,
  ...listing,
  ...names,
  ...descriptors,
  ...attributes,
  ...processes,
  ...random,
  ...posix,
  ...posixSpawn,
  ...posixpath,
  ...genericpath,
  ...constants,
  ...forks,
]
