import { NotImplementedError } from '../../errors.ts'
import { find, findSymbol } from '../library.ts'
import { isObjectAddress, ProcessMemory } from './process_memory.ts'

/**
 * V8's worker threads: they collect garbage and optimise functions. fork(2) copies only the thread that calls it, so
 * the child has to make new ones, on the queue that it inherited; and it inherits that queue sound only if no worker
 * was at work at that moment.
 *
 * Node keeps them in an object of a class `node::WorkerThreadsTaskRunner`. Its constructor, run once more on the object
 * that is there, starts new threads.
 */
export interface V8Workers {
  /** Where the object is. Its mutex and the condition variable that idle workers wait on come first in it. */
  readonly address: number
  /** How many workers there are. */
  readonly count: number
  /**
   * The constructor, which starts new workers, to be called with the address, the count and 0.
   *
   * Until then no garbage may be collected: a collection gives work to the queue, and to wake a worker the C library
   * waits for those that its condition variable knows of, which are the parent's, for ever (seen in a debugger). With
   * 1,000, 30,000 and 300,000 objects thrown away before this call, 5, 19 and 20 of 24 children did not end as they
   * should, on Node 20, 24 and 26 alike; without any, none of 144 failed. Nor did any of 68 on Node 24 and 26 which had
   * their workers late, and waited for finalizers; half of 12 did that threw away 30,000 objects before. So it is the
   * collection that matters, and not what else comes first.
   *
   * It is C's own function and none of ours around it: one that has not run yet is compiled first, which takes memory,
   * and hung one in sixty children on Node 26.
   */
  readonly construct: (address: number, count: number, logLevel: number) => void
  /** The ids of the threads that they are, once these have been found. */
  threads: readonly string[] | undefined
}

const PLATFORM = '_ZN4node11per_process11v8_platformE'
const PLATFORM_VTABLE = '_ZTVN4node12NodePlatformE'
/** The block in which a `std::shared_ptr` keeps the runner: libstdc++ of different ages names it differently. */
const RUNNER_BLOCK_VTABLES = [
  '_ZTVSt23_Sp_counted_ptr_inplaceIN4node23WorkerThreadsTaskRunnerESaIvELN9__gnu_cxx12_Lock_policyE2EE',
  '_ZTVSt23_Sp_counted_ptr_inplaceIN4node23WorkerThreadsTaskRunnerESaIS1_ELN9__gnu_cxx12_Lock_policyE2EE',
]
/**
 * Node 24 has a second parameter, the level of its debug log: 0 is none. The older one may get it too, and never looks.
 */
const CONSTRUCTOR_WITH_LEVEL =
  'void _ZN4node23WorkerThreadsTaskRunnerC1EiNS_21PlatformDebugLogLevelE(uintptr_t, int, int)'
const CONSTRUCTOR = 'void _ZN4node23WorkerThreadsTaskRunnerC1Ei(uintptr_t, int, int)'
const COUNT = 'int _ZNK4node23WorkerThreadsTaskRunner21NumberOfWorkerThreadsEv(uintptr_t)'

/** A vtable starts with two words before the first function, to which objects point. */
const VTABLE_HEADER = 16

let located: V8Workers | undefined

/** Finds the workers of this process, once. */
export function v8Workers(): V8Workers {
  located ??= locate()
  return located
}

function locate(): V8Workers {
  const memory = new ProcessMemory()
  try {
    const address = findRunner(memory)
    const count = found(find(COUNT), "the count of V8's workers")(address) as number
    // One of the threads that it counts keeps the time for delayed tasks.
    if (count < 2 || count > 1025) throw notFound(`a plausible number of V8's workers (not ${count})`)
    const construct = found(find(CONSTRUCTOR_WITH_LEVEL) ?? find(CONSTRUCTOR), "the constructor of V8's workers")
    return { address, count: count - 1, construct: construct as V8Workers['construct'], threads: undefined }
  } finally {
    memory.close()
  }
}

function findRunner(memory: ProcessMemory): number {
  const platformVtable = found(findSymbol(PLATFORM_VTABLE), 'the class of its platform') + VTABLE_HEADER
  const blockVtables = RUNNER_BLOCK_VTABLES.map(findSymbol).filter((symbol) => symbol !== undefined)
  if (blockVtables.length === 0) throw notFound("the class of V8's workers")
  const platform = memory
    .pointers(found(findSymbol(PLATFORM), 'its platform'), 256)
    .find((pointer) => isObjectAddress(pointer) && memory.pointer(pointer) === platformVtable)
  // The object starts right behind the header of the block that owns it, so pointers to both stand side by side.
  const words = memory.pointers(found(platform, 'the object of its platform'), 512)
  const index = words.findIndex((block, i) => {
    const isPair = isObjectAddress(block) && words[i - 1] === block + 16
    return isPair && blockVtables.includes(memory.pointer(block) - VTABLE_HEADER)
  })
  return found(words[index - 1], "the object of V8's workers")
}

function found<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw notFound(what)
  return thing
}

function notFound(what: string): NotImplementedError {
  return new NotImplementedError(`os.fork() cannot be trusted in this build of Node: ${what} was not found`)
}
