import { spawnSync } from 'node:child_process'

const probe = spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'true'], { encoding: 'utf8' })

/** For a test's `skip`: why there is no user namespace to be root in, or false where there is. */
export const noNamespaces: string | false =
  probe.status === 0 ? false : `no user and mount namespaces here: ${(probe.stderr || String(probe.error)).trim()}`
