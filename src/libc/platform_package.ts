import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Imported for its effect, before koffi. Where koffi's binary for this platform is missing, koffi only reports that it
// did not find "the native Koffi module"; this module names the missing package and the possible reasons. It also
// reports that add-ons are forbidden, where Node does not name the program that tried to load one, and that Node is too
// old, which would otherwise cause an unrelated error later.

const platformPackage = `@koromix/koffi-${process.platform}-${process.arch}`

/**
 * Returns true only where it is certain: koffi itself is installed, and none of the places where it looks has a binary.
 */
function isMissing(): boolean {
  // Electron stores binaries elsewhere.
  if (import.meta.url === undefined || 'resourcesPath' in process) return false
  // The usual layout: side by side in node_modules, with this code in dist/. Resolving the names would be slower.
  if (existsSync(new URL(`../../${platformPackage}`, import.meta.url))) return false
  const koffi = resolved('koffi', import.meta.url)
  if (koffi === undefined) return isMissingFromBundle(import.meta.url)
  if (resolved(platformPackage, koffi) !== undefined) return false
  // A binary that koffi's install script has compiled for a platform without a package.
  return !existsSync(join(dirname(koffi), 'build'))
}

/** Where koffi is not a package it is part of the same bundle as this code, and looks for its binary from there. */
function isMissingFromBundle(url: string): boolean {
  // Bun and Deno create executables that contain files.
  if (process.versions.bun !== undefined || process.versions.deno !== undefined) return false
  if (resolved(platformPackage, url) !== undefined) return false
  try {
    const folder = dirname(fileURLToPath(url))
    if ([`../../../${platformPackage}`, '../../build/koffi'].some((place) => existsSync(join(folder, place))))
      return false
    // Bundlers copy it under other names, to a directory beside the code or below it.
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

/**
 * Whether add-ons are forbidden (`node --permission`). dlopen of an empty path detects the restriction without loading
 * an add-on.
 */
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
