import { existsSync, mkdirSync, rmdirSync } from 'node:fs'

/** Where the control groups stand that limit the number of processes: those of the older kind have a place of their own. */
const places = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup']

const root = places.find((place) => {
  try {
    return withGroupIn(place, (folder) => existsSync(`${folder}/pids.max`))
  } catch {
    return false
  }
})

function withGroupIn<T>(place: string, part: (folder: string) => T): T {
  const folder = `${place}/osier-test-${process.pid}`
  mkdirSync(folder)
  try {
    return part(folder)
  } finally {
    rmdirSync(folder)
  }
}

/** For a test's `skip`: why no control group can be had that limits the number of processes, or false. */
export const noProcessGroupLimit: string | false =
  root === undefined ? 'no control group that limits processes can be made here' : false

/** Calls with the folder of a control group, which must be empty of processes again at the end. */
export function withProcessGroup(part: (folder: string) => void): void {
  if (root !== undefined) withGroupIn(root, part)
}
