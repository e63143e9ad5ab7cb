/** Passes on complete lines of a stream. A last line without a line break is completed by `end`. */
export class LogLines {
  private rest = '';
  private readonly writeLine: (line: string) => void;

  constructor(writeLine: (line: string) => void) {
    this.writeLine = writeLine;
  }

  add(text: string): void {
    const end = text.lastIndexOf('\n');
    if (end < 0) {
      this.rest += text;
      return;
    }
    const lines = `${this.rest}${text.slice(0, end)}`.split('\n');
    this.rest = text.slice(end + 1);
    for (const line of lines) this.writeLine(`${line}\n`);
  }

  end(): void {
    if (this.rest !== '') this.writeLine(`${this.rest}\n`);
    this.rest = '';
  }
}
