/** The subjects of one cluster: everything is below `<prefix>.<cluster>.`, the only permission that a node needs. */
export class NatsSubjects {
  /** Messages to this node. */
  readonly inbox: string;
  /** Announcements of all nodes. */
  readonly shared: string;
  private readonly root: string;

  constructor(prefix: string, cluster: string, instance: string) {
    this.root = `${prefix}.${cluster}`;
    this.inbox = this.inboxOf(instance);
    this.shared = `${this.root}.all`;
  }

  /** Subject of the messages to the node `instance`. */
  inboxOf(instance: string): string {
    return `${this.root}.node.${instance}`;
  }

  /** All subjects of the cluster, as in permissions. */
  get all(): string {
    return `${this.root}.>`;
  }
}
