/** Connections of a worker, as its last beat reported them. */
export interface WorkerLoad {
  readonly admitted: number;
  readonly limit: number;
  /** False for a worker whose beats are late: it may not accept anything. */
  readonly isResponsive: boolean;
}

export interface Admission {
  /** By worker: whether it shall accept connections. */
  readonly accepts: readonly boolean[];
  /** False when all connections are in use: then every worker accepts, and refuses connections beyond its share. */
  readonly pausesWhenFull: boolean;
}

/** A worker with more than this times the mean leaves new connections to the others. */
const MAX_RATIO = 1.25;
/** Differences below this are left alone: with few connections every ratio is large. */
const MIN_DIFFERENCE = 8;

/** Decides which workers accept connections, so that all have about as many and the limit holds for the whole. */
export function decideAdmission(loads: readonly WorkerLoad[]): Admission {
  // without workers, during the start, the first one is to pause like any other
  if (loads.length > 0 && loads.every(({ admitted, limit }) => admitted >= limit)) {
    return { accepts: loads.map(() => true), pausesWhenFull: false };
  }
  const responsive = loads.filter(({ isResponsive }) => isResponsive);
  const mean = sum(responsive.map(({ admitted }) => admitted)) / Math.max(1, responsive.length);
  const accepts = loads.map(({ admitted, limit }) => admitted < limit && !isAbove(admitted, mean));
  // the others may be full or blocked: then balance matters less than a connection
  const hasAcceptor = loads.some(({ isResponsive }, i) => isResponsive && accepts[i] === true);
  return {
    accepts: hasAcceptor ? accepts : loads.map(({ admitted, limit }) => admitted < limit),
    pausesWhenFull: true,
  };
}

function isAbove(admitted: number, mean: number): boolean {
  return admitted > mean * MAX_RATIO && admitted - mean >= MIN_DIFFERENCE;
}

/**
 * Divides `total` connections among workers that have `current` ones: a worker with fewer gets more. When there are more
 * than `total`, those with the most have to close some.
 */
export function divideConnections(total: number, current: readonly number[]): number[] {
  const limits = [...current];
  let left = total - sum(current);
  while (left !== 0 && limits.length > 0) {
    const step = Math.sign(left);
    const extreme = step > 0 ? Math.min(...limits) : Math.max(...limits);
    const chosen = limits.flatMap((limit, i) => (limit === extreme ? [i] : []));
    const next = neighbour(limits, extreme, step);
    const each = Math.max(1, Math.min(Math.abs(next - extreme), Math.floor(Math.abs(left) / chosen.length)));
    for (const i of chosen) {
      if (left === 0) break;
      limits[i] = extreme + step * each;
      left -= step * each;
    }
  }
  return limits;
}

/** The value next to `extreme` in the direction of `step`, or an infinite one. */
function neighbour(limits: readonly number[], extreme: number, step: number): number {
  const beyond = limits.filter((limit) => (limit - extreme) * step > 0);
  return step > 0 ? Math.min(...beyond) : Math.max(...beyond);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
