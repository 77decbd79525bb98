interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly what: T;
}

const isBefore = <T>(a: Entry<T>, b: Entry<T>): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Items in the order of their times; items of one time in the order in which they were added. */
export class TimerHeap<T> {
  readonly #heap: Entry<T>[] = [];
  #order = 0;

  /** The time of the first item; Infinity if the heap is empty. */
  get nextAt(): number {
    return this.#heap.length > 0 ? this.#heap[0].at : Infinity;
  }

  add(at: number, what: T): void {
    const heap = this.#heap;
    let index = heap.push({ at, order: this.#order++, what }) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index], heap[parent])) return;
      [heap[index], heap[parent]] = [heap[parent], heap[index]];
      index = parent;
    }
  }

  /** Removes the first item. The heap must not be empty. */
  take(): T {
    const heap = this.#heap;
    const [{ what }] = heap;
    const last = heap.pop()!;
    if (heap.length === 0) return what;
    heap[0] = last;
    for (let index = 0; ;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2])
        if (child < heap.length && isBefore(heap[child], heap[least])) least = child;
      if (least === index) return what;
      [heap[index], heap[least]] = [heap[least], heap[index]];
      index = least;
    }
  }
}
