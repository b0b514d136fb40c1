/** The platforms that osier has facts of. */

export interface Target {
  readonly name: string
  /** As `process.arch` says it. */
  readonly arch: 'x64' | 'arm64'
  /** As the GNU triplets say it. */
  readonly cpu: 'x86_64' | 'aarch64'
  readonly libc: 'glibc' | 'musl'
}

export const targets: readonly Target[] = [
  { name: 'linux-x64-glibc', arch: 'x64', cpu: 'x86_64', libc: 'glibc' },
  { name: 'linux-arm64-glibc', arch: 'arm64', cpu: 'aarch64', libc: 'glibc' },
  { name: 'linux-x64-musl', arch: 'x64', cpu: 'x86_64', libc: 'musl' },
  { name: 'linux-arm64-musl', arch: 'arm64', cpu: 'aarch64', libc: 'musl' },
]
