import { existsSync, mkdirSync, rmdirSync } from 'node:fs'

/** The directory of the control groups that limit the number of processes: it differs between cgroup v1 and v2. */
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

/** For a test's `skip`: why no control group that limits the number of processes can be created, or false. */
export const noProcessGroupLimit: string | false =
  root === undefined ? 'no control group that limits processes can be made here' : false

/** Calls with the folder of a control group, which must be empty of processes again at the end. */
export function withProcessGroup(part: (folder: string) => void): void {
  if (root !== undefined) withGroupIn(root, part)
}
