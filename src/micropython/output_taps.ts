/** Hears what is written to standard output and standard error. */

type Write = typeof process.stdout.write

/** What is called with each piece that is written, before it is. */
export type Listener = (chunk: string | Uint8Array, encoding: unknown) => void

interface Tap {
  readonly stream: NodeJS.WriteStream
  readonly original: Write
  readonly own: Write
}

/** The taps that may be part of what a stream's `write` calls. */
const taps: Tap[] = []
/** The streams that are being written to just now: where several taps are in a row, one of them reports. */
const writing = new Set<NodeJS.WriteStream>()
let listener: Listener | null = null

/** Has a listener hear of output, in place of the one before. */
export function listenToOutput(wanted: Listener): void {
  listener = wanted
  for (const stream of [process.stdout, process.stderr]) {
    if (!taps.some((tap) => stream.write === tap.own)) addTap(stream)
  }
}

/**
 * Stops listening. Where other code has put a hook of its own before ours meanwhile, ours stays behind it: to put back
 * what was there before would take that hook off. It passes on what it is given, until there is a listener again.
 */
export function stopListeningToOutput(): void {
  listener = null
  for (let at = taps.length - 1; at >= 0; at--) {
    const tap = taps[at]
    if (tap === undefined || tap.stream.write !== tap.own) continue
    tap.stream.write = tap.original
    taps.splice(at, 1)
  }
}

function addTap(stream: NodeJS.WriteStream): void {
  const original = stream.write
  const own = function (this: NodeJS.WriteStream, ...args: Parameters<Write>): boolean {
    if (listener === null || writing.has(stream)) return original.apply(this, args)
    writing.add(stream)
    try {
      listener(args[0], args[1])
      return original.apply(this, args)
    } finally {
      writing.delete(stream)
    }
  } as Write
  stream.write = own
  taps.push({ stream, original, own })
}
