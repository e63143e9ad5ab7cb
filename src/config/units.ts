/** Durations of the option tables, in milliseconds. */
export const SECOND = 1000;
export const DAY = 86_400_000;

/** Sizes, in bytes. */
export const KIB = 1024;
export const MIB = 1024 * 1024;
