import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Imported for its effect, before koffi: where koffi's binary for this platform is missing, koffi can only say that it
// did not find "the native Koffi module". This says which package that is, and how it comes to be missing. Nor can Node
// say who wants to load an add-on where that is forbidden. And a Node that is too old would fail somewhere, at some
// time.

const platformPackage = `@koromix/koffi-${process.platform}-${process.arch}`

/** Only where it is certain: koffi itself is there, and none of the places where it looks has a binary. */
function isMissing(): boolean {
  // Electron keeps binaries apart.
  if (import.meta.url === undefined || 'resourcesPath' in process) return false
  // Side by side in node_modules, as npm has it, with this code in dist/: resolving the names would cost 1 ms.
  if (existsSync(new URL(`../../${platformPackage}`, import.meta.url))) return false
  const koffi = resolved('koffi', import.meta.url)
  if (koffi === undefined) return isMissingFromBundle(import.meta.url)
  if (resolved(platformPackage, koffi) !== undefined) return false
  // Where it was compiled on the spot, as its install script does for platforms without a package.
  return !existsSync(join(dirname(koffi), 'build'))
}

/** Where koffi is no package, it is part of the same bundle as this, and looks for its binary from there. */
function isMissingFromBundle(url: string): boolean {
  // The others make executables that have files inside.
  if (process.versions.bun !== undefined || process.versions.deno !== undefined) return false
  if (resolved(platformPackage, url) !== undefined) return false
  try {
    const folder = dirname(fileURLToPath(url))
    if ([`../../../${platformPackage}`, '../../build/koffi'].some((place) => existsSync(join(folder, place))))
      return false
    // Bundlers that copy it give it a name and a folder of their own, beside the code or below.
    return !readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((file) => file.endsWith('.node'))
  } catch {
    return false
  }
}

function resolved(name: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(name)
  } catch {
    return undefined
  }
}

/** With `node --permission` add-ons have to be allowed. A name that is none finds out without loading anything. */
function isForbidden(): boolean {
  if (!process.execArgv.includes('--no-addons') && Reflect.get(process, 'permission') === undefined) return false
  try {
    process.dlopen({ exports: {} }, '')
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_DLOPEN_DISABLED'
  }
}

if (!('isWellFormed' in String.prototype)) {
  throw new Error(`osier needs Node 20.19 or later, and this is ${process.version}`)
}

if (isForbidden()) {
  throw new Error(
    'Node was told not to load add-ons, and osier calls C through one, koffi. With --permission it takes ' +
      '--allow-addons, too; without, it must not be started with --no-addons',
  )
}

if (isMissing()) {
  throw new Error(
    `The package ${platformPackage} is missing: koffi's binary for this platform, without which osier cannot call C. ` +
      'It is an optional dependency of koffi, which installers leave out when told to (npm --omit=optional), or when ' +
      'node_modules was installed on another platform. Install again, on this one: npm install --include=optional. ' +
      'Bundlers leave it out as well, unless they are told that koffi is external',
  )
}
