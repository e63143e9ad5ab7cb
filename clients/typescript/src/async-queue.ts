/** Turns pushed values into an async iterator. It is unbounded: an application that iterates must keep up. */
export class AsyncQueue<T> implements AsyncIterableIterator<T> {
  private readonly values: T[] = [];
  private readonly waiting: ((result: IteratorResult<T>) => void)[] = [];
  private ended = false;
  private readonly onReturn: () => void;

  constructor(onReturn: () => void) {
    this.onReturn = onReturn;
  }

  push(value: T): void {
    if (this.ended) return;
    const next = this.waiting.shift();
    if (next === undefined) this.values.push(value);
    else next({ done: false, value });
  }

  /** Ends the iteration behind the values that are queued. */
  end(): void {
    this.ended = true;
    for (const next of this.waiting.splice(0)) next({ done: true, value: undefined });
  }

  async next(): Promise<IteratorResult<T>> {
    if (this.values.length > 0) return { done: false, value: this.values.shift() as T };
    if (this.ended) return { done: true, value: undefined };
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async return(): Promise<IteratorResult<T>> {
    this.values.length = 0;
    this.end();
    this.onReturn();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
