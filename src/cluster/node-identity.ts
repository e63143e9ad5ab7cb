import type { Announcement } from './announcement.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { newTag, newTaggedClientId } from './tag.ts';

/** The identity of this node. Its tag may change until the first client id is made from it. */
export class NodeIdentity {
  /** Address of the node, random per process. */
  readonly instance: string;
  /** Human-readable name of the node. */
  readonly label: string;
  /** Version of the program. */
  readonly release: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  tag: number;
  private isFixed = false;

  constructor({ instance, label, release, clock, tag = newTag() }: ClusterOptions) {
    this.instance = instance;
    this.label = label;
    this.release = release;
    this.startedAt = clock.now();
    this.tag = tag;
  }

  /** The part of an announcement about this node itself. */
  describe(): Pick<Announcement, 'instance' | 'label' | 'tag' | 'release' | 'startedAt'> {
    const { instance, label, tag, release, startedAt } = this;
    return { instance, label, tag, release, startedAt };
  }

  /** Fixes the tag: it is in use from now on. */
  fix(): void {
    this.isFixed = true;
  }

  /** A client id that identifies this node to all others. */
  newClientId(): string {
    this.fix();
    return newTaggedClientId(this.tag);
  }

  /** Draws a new tag if `other` with the same tag started earlier; false if this node has to keep its tag. */
  resolveTagConflict(other: Announcement): boolean {
    const isOlder =
      other.startedAt < this.startedAt || (other.startedAt === this.startedAt && other.instance < this.instance);
    if (!isOlder || this.isFixed) return false;
    this.tag = newTag();
    return true;
  }
}
