/** State of a process in the supervisor. */
export interface SupervisedProcess {
  readonly name: string;
  /** Null while no process runs. */
  readonly pid: number | null;
  readonly status: ProcessStatus;
  /** Number of restarts, for any reason. */
  readonly restarts: number;
  /** Exit code of the last process that ended; null if none ended yet. */
  readonly exitCode: number | null;
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string | null;
  readonly logFile: string | null;
  readonly memoryBytes: number;
  readonly cpuPercent: number;
}

export type ProcessStatus = 'launching' | 'online' | 'waiting' | 'stopping' | 'stopped' | 'errored';

/** Definition of a program for the supervisor. */
export interface ProcessDefinition {
  readonly name: string;
  readonly script: string;
  readonly [option: string]: unknown;
}

/** Supervisor interface of the daemon commands. Every call has a time limit and fails with a SupervisorError. */
export interface ProcessSupervisor {
  /** Version of the running supervisor, and version of the installed package. */
  readonly versions: { readonly running: string; readonly own: string };
  list(): Promise<SupervisedProcess[]>;
  describe(name: string): Promise<SupervisedProcess | null>;
  start(definition: ProcessDefinition): Promise<void>;
  /** Ends the process if it runs and marks it as stopped. */
  stop(name: string): Promise<void>;
  /** Ends the process if it runs and removes its entry. */
  remove(name: string, limitMs?: number): Promise<void>;
  disconnect(): Promise<void>;
}

export type SupervisorProblem =
  | { readonly kind: 'homeTooLong'; readonly home: string }
  | { readonly kind: 'homeFull'; readonly home: string }
  | { readonly kind: 'homeUnusable'; readonly home: string; readonly detail: string }
  | { readonly kind: 'noAnswer'; readonly call: string; readonly seconds: number; readonly pid: number | null }
  | { readonly kind: 'failed'; readonly call: string; readonly detail: string };

/** The supervisor cannot carry out a request. */
export class SupervisorError extends Error {
  readonly problem: SupervisorProblem;

  constructor(problem: SupervisorProblem) {
    super(JSON.stringify(problem));
    this.problem = problem;
  }
}
