interface Act {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

const isBefore = (a: Act, b: Act): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Acts to be done in the order of their times (then of their making); each may add more. A binary heap. */
export class Agenda {
  readonly #heap: Act[] = [];
  #order = 0;

  add(at: number, act: () => void): void {
    const heap = this.#heap;
    let index = heap.push({ at, order: this.#order++, act }) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index], heap[parent])) return;
      [heap[index], heap[parent]] = [heap[parent], heap[index]];
      index = parent;
    }
  }

  /** Does everything up to `to`; what is later stays undone. */
  run(to: number): void {
    while (this.#heap.length > 0 && this.#heap[0].at <= to) this.#take().act();
  }

  #take(): Act {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let index = 0; ; ) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) if (child < heap.length && isBefore(heap[child], heap[least])) least = child;
      if (least === index) return first;
      [heap[index], heap[least]] = [heap[least], heap[index]];
      index = least;
    }
  }
}
