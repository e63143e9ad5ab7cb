/** Exit codes are an interface: scripts, systemd and PM2 read them. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** A mistake on the command line or in the configuration; PM2 does not respawn after it. */
  usage: 2,
  notRunning: 3,
  /** The client of an operator command does not exist. */
  notFound: 4,
  /** The client did not respond to the request in time, or disconnected before. */
  noResponse: 5,
  /** A supervised router that was stopped: PM2 takes 0 for a killed process, so a stop needs a code of its own. */
  stopped: 143,
} as const;
