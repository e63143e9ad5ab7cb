import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder, removed with its contents. */
export class TempFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'rpc-router-test-'));

  /** The path of `name` in the folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file, by default with mode 600, and returns its path. */
  write(name: string, content: string, mode = 0o600): string {
    const path = this.file(name);
    writeFileSync(path, content, { mode });
    return path;
  }

  remove(): void {
    // an ending process may still write to it
    rmSync(this.path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}
