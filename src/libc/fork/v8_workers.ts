import { NotImplementedError } from '../../errors.ts'
import { find, findSymbol } from '../library.ts'
import { isObjectAddress, ProcessMemory } from './process_memory.ts'

/**
 * V8's worker threads, which collect garbage and compile optimized functions. fork(2) copies only the calling thread,
 * so the child has to start new workers on the inherited task queue. That queue is consistent only if no worker was
 * busy at the time of the fork.
 *
 * Node stores the workers in an object of the class `node::WorkerThreadsTaskRunner` (src/node_platform.h). Calling its
 * constructor again on the existing object starts new threads (src/node_platform.cc).
 */
export interface V8Workers {
  /**
   * The address of the object. It starts with the task queue's mutex and the condition variable on which idle workers
   * wait.
   */
  readonly address: number
  /** The number of workers. */
  readonly count: number
  /**
   * The constructor, which starts new workers: to be called with the address, the count and 0.
   *
   * Until then no garbage collection may run: it would post a task to the queue, and waking a worker makes the C
   * library wait forever for waiters that its condition variable has recorded, which are threads of the parent (seen in
   * a debugger; docs/performance.md, "Measured decisions", has the numbers). Other work before the call is harmless.
   *
   * The function is C's own rather than a JavaScript wrapper: a wrapper would be compiled at its first call, and the
   * allocation can start a collection (regression: children hung on Node 26).
   */
  readonly construct: (address: number, count: number, logLevel: number) => void
  /** The ids of the workers' threads, once they have been found. */
  threads: readonly string[] | undefined
}

const PLATFORM = '_ZN4node11per_process11v8_platformE'
const PLATFORM_VTABLE = '_ZTVN4node12NodePlatformE'
/** The control block of the `std::shared_ptr` that owns the runner: its name depends on the version of libstdc++. */
const RUNNER_BLOCK_VTABLES = [
  '_ZTVSt23_Sp_counted_ptr_inplaceIN4node23WorkerThreadsTaskRunnerESaIvELN9__gnu_cxx12_Lock_policyE2EE',
  '_ZTVSt23_Sp_counted_ptr_inplaceIN4node23WorkerThreadsTaskRunnerESaIS1_ELN9__gnu_cxx12_Lock_policyE2EE',
]
/**
 * Node 24 has a second parameter, the level of its debug log: 0 means none. Older versions ignore the additional
 * argument.
 */
const CONSTRUCTOR_WITH_LEVEL =
  'void _ZN4node23WorkerThreadsTaskRunnerC1EiNS_21PlatformDebugLogLevelE(uintptr_t, int, int)'
const CONSTRUCTOR = 'void _ZN4node23WorkerThreadsTaskRunnerC1Ei(uintptr_t, int, int)'
const COUNT = 'int _ZNK4node23WorkerThreadsTaskRunner21NumberOfWorkerThreadsEv(uintptr_t)'

/** The size of the two words of a vtable before its first function, to which objects point. */
const VTABLE_HEADER = 16

let located: V8Workers | undefined

/** Locates the workers of this process, once. */
export function v8Workers(): V8Workers {
  located ??= locate()
  return located
}

function locate(): V8Workers {
  const memory = new ProcessMemory()
  try {
    const address = findRunner(memory)
    const count = found(find(COUNT), 'the count of the V8 workers')(address) as number
    // One of the counted threads runs delayed tasks.
    if (count < 2 || count > 1025) throw notFound(`a plausible number of V8 workers (not ${count})`)
    const construct = found(find(CONSTRUCTOR_WITH_LEVEL) ?? find(CONSTRUCTOR), 'the constructor of the V8 workers')
    return { address, count: count - 1, construct: construct as V8Workers['construct'], threads: undefined }
  } finally {
    memory.close()
  }
}

function findRunner(memory: ProcessMemory): number {
  const platformVtable = found(findSymbol(PLATFORM_VTABLE), 'the class of its platform') + VTABLE_HEADER
  const blockVtables = RUNNER_BLOCK_VTABLES.map(findSymbol).filter((symbol) => symbol !== undefined)
  if (blockVtables.length === 0) throw notFound('the class of the V8 workers')
  const platform = memory
    .pointers(found(findSymbol(PLATFORM), 'its platform'), 256)
    .find((pointer) => isObjectAddress(pointer) && memory.pointer(pointer) === platformVtable)
  // The object follows the header of its control block, so pointers to both are adjacent.
  const words = memory.pointers(found(platform, 'the object of its platform'), 512)
  const index = words.findIndex((block, i) => {
    const isPair = isObjectAddress(block) && words[i - 1] === block + 16
    return isPair && blockVtables.includes(memory.pointer(block) - VTABLE_HEADER)
  })
  return found(words[index - 1], 'the object of the V8 workers')
}

function found<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw notFound(what)
  return thing
}

function notFound(what: string): NotImplementedError {
  return new NotImplementedError(`os.fork() cannot be trusted in this build of Node: ${what} was not found`)
}
