export { BufferedOutput } from './buffered-output.ts';
export { JournalStream } from './journal.ts';
export { type LogDestination, logFile, standardOutput } from './log-destination.ts';
export { LogRotation } from './log-rotation.ts';
export { type LogFields, Logger, lostLinesNotice } from './logger.ts';
