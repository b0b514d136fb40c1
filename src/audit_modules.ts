import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { wrongType } from './errors.ts'

/**
 * Hooks that are modules. A function belongs to one thread, but each thread can load a module for itself: the URLs are in
 * the environment data, which every worker gets from the thread that starts it.
 */

type Hook = (event: string, args: readonly unknown[]) => unknown

const KEY = 'osier.audit-hooks.v1'

function sharedUrls(): readonly string[] {
  const urls: unknown = getEnvironmentData(KEY)
  return Array.isArray(urls) ? urls.map(String) : []
}

/** Loads a hook in this thread, and has all threads load it that this thread or its workers start from now on. */
export function shareHook(url: URL): Hook {
  const hook = loadHook(url.href)
  setEnvironmentData(KEY, [...sharedUrls(), url.href])
  return hook
}

/**
 * The hooks of this thread when it starts. Each is loaded for the first event: as long as this package is being loaded,
 * a module that imports it could not be loaded.
 */
export function inheritedHooks(): Hook[] {
  return sharedUrls().map((url) => {
    let hook: Hook | undefined
    let isLoading = false
    return (event, args) => {
      // The module itself makes calls while it is loaded.
      if (isLoading) return undefined
      if (hook === undefined) {
        isLoading = true
        try {
          hook = loadHook(url)
        } finally {
          isLoading = false
        }
      }
      return hook(event, args)
    }
  })
}

/** Loads a module as `require` does, because a call cannot wait for `import`. */
function loadHook(url: string): Hook {
  const loaded: unknown = createRequire(url)(fileURLToPath(url))
  const hook: unknown = typeof loaded === 'function' ? loaded : (loaded as { readonly default?: unknown }).default
  if (typeof hook !== 'function') throw wrongType('hook', 'a module whose default export is a function', loaded)
  return hook as Hook
}
