import { structs } from '../libc/facts.ts'
import type { Descriptor } from '../os/arguments.ts'
import * as os from '../os/metadata.ts'
import type { Path } from '../os/names.ts'
import { type stat_result, statResult } from '../results.ts'
import type { SignalOption } from './abort.ts'
import { type Outcome, twin } from './on_pool.ts'

const STATUS: Outcome<stat_result> = { out: 2, size: structs.stat.size, result: () => statResult() }

/** stat(2): the status of a file, as `os.stat` gives it. */
export const stat: (path: Path | Descriptor, options?: os.StatOptions & SignalOption) => Promise<stat_result> = twin(
  os.stat,
  os.preparedStat,
  STATUS,
)
