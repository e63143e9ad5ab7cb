import type { SendStream } from './send-stream.ts';

/** Streams that wait to be told of a write. Mostly it is one, and for one nothing is allocated. */
export class PendingCompletions {
  private first: SendStream | null = null;
  private rest: SendStream[] = NONE;

  add(stream: SendStream): void {
    if (this.first === null) this.first = stream;
    else if (this.rest === NONE) this.rest = [stream];
    else this.rest.push(stream);
  }

  /** Takes over those of `others`, which is empty then; this must be, too. */
  moveFrom(others: PendingCompletions): void {
    this.first = others.first;
    this.rest = others.rest;
    others.first = null;
    others.rest = NONE;
  }

  /** Tells all of them, in the order they were added, and forgets them. */
  notify(): void {
    const { first, rest } = this;
    this.first = null;
    this.rest = NONE;
    first?.onWriteComplete();
    for (let i = 0; i < rest.length; i++) (rest[i] as SendStream).onWriteComplete();
  }
}

/** Never added to. */
const NONE: SendStream[] = [];
