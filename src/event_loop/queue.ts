/** The place of an item in a queue. An item is in one queue at a time. */
export interface QueueItem {
  queue: object | null
  previous: QueueItem | null
  next: QueueItem | null
}

/**
 * A queue in which every operation takes the same time however long it is. An array takes a time that grows with its
 * length to remove an item, so ten thousand aborted waits would take the square of that.
 */
export class Queue<T extends QueueItem> {
  #first: T | null = null
  #last: T | null = null

  /** The item that has been here longest; null where the queue is empty. */
  get first(): T | null {
    return this.#first
  }

  push(item: T): void {
    item.queue = this
    item.previous = this.#last
    if (this.#last === null) this.#first = item
    else this.#last.next = item
    this.#last = item
  }

  /** Removes an item. Returns false where it is not in this queue. */
  remove(item: T): boolean {
    if (item.queue !== this) return false
    const { previous, next } = item
    if (previous === null) this.#first = next as T | null
    else previous.next = next
    if (next === null) this.#last = previous as T | null
    else next.previous = previous
    item.queue = null
    item.previous = null
    item.next = null
    return true
  }

  /** Forgets all items. They must not be removed later. */
  clear(): void {
    this.#first = null
    this.#last = null
  }
}
