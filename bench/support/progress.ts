/** A progress line on a terminal; nothing in a pipe. */
export class Progress {
  private readonly stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
  }

  say(text: string): void {
    if (this.stream.isTTY) this.stream.write(`\r\x1b[K${text}`);
  }

  clear(): void {
    if (this.stream.isTTY) this.stream.write('\r\x1b[K');
  }
}
