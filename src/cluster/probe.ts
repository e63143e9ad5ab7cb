import { EMPTY_MAP } from '../wire/index.ts';
import { type Announcement, decodeAnnouncement } from './announcement.ts';
import { type NatsAccess, natsOptions } from './carriers/nats-access.ts';
import type { NatsSubjects } from './carriers/nats-subjects.ts';

/** State of one NATS server, as a node would find it. */
export interface NatsProbe {
  readonly server: string;
  /** Reason why the server cannot be used; null if it can. */
  readonly error: string | null;
  /** A permission that is missing. */
  readonly denied: string | null;
  readonly maxPayloadBytes: number;
  /** The nodes that announced themselves meanwhile. */
  readonly nodes: readonly Announcement[];
  /** Time of each announcement here, minus the time in it. */
  readonly clockOffsetsMs: ReadonlyMap<string, number>;
}

export interface ProbeOptions {
  readonly servers: readonly string[];
  readonly subjects: NatsSubjects;
  readonly access: NatsAccess;
  /** Time to listen for announcements: each node sends one a second. */
  readonly listenMs: number;
}

/** Connects to each server, tries the permissions that a node needs, and listens for other nodes. */
export function probeNats(options: ProbeOptions): Promise<readonly NatsProbe[]> {
  return Promise.all(options.servers.map((server) => probeServer(server, options)));
}

async function probeServer(server: string, { subjects, access, listenMs }: ProbeOptions): Promise<NatsProbe> {
  const nodes = new Map<string, Announcement>();
  const clockOffsetsMs = new Map<string, number>();
  let denied: string | null = null;
  try {
    const { connect } = await import('@nats-io/transport-node');
    const connection = await connect(await natsOptions(server, 'rpc-dart-router check', access));
    const follow = async (): Promise<void> => {
      for await (const status of connection.status()) if (status.type === 'error') denied ??= status.error.message;
    };
    follow().catch(() => {});
    const subscribe = (subject: string): void => {
      connection.subscribe(subject, {
        callback: (error, { data }) => {
          if (error !== null) denied ??= error.message;
          const node = error === null ? decodeAnnouncement(Buffer.from(data)) : null;
          if (node === null) return;
          nodes.set(node.instance, node);
          clockOffsetsMs.set(node.instance, Date.now() - node.now);
        },
      });
    };
    subscribe(subjects.inbox);
    subscribe(subjects.shared);
    // an announcement that no node can read: it tests the permission to publish
    connection.publish(subjects.shared, EMPTY_MAP);
    connection.publish(subjects.inbox, EMPTY_MAP);
    await connection.flush();
    const maxPayloadBytes = connection.info?.max_payload ?? 0;
    await new Promise((resolve) => setTimeout(resolve, listenMs));
    await connection.close().catch(() => {});
    return { server, error: null, denied, maxPayloadBytes, nodes: [...nodes.values()], clockOffsetsMs };
  } catch (error) {
    return { server, error: reasonOf(error), denied, maxPayloadBytes: 0, nodes: [], clockOffsetsMs };
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== message ? `${message}: ${cause.message}` : message;
}
