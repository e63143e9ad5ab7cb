import { asRouterError, type RouterError } from './errors.ts';
import type { WireMessage } from './messages.ts';
import { checkPayload, type Payload } from './values.ts';

/** The part of a registration that can change. */
export interface ProfileState {
  readonly groups: ReadonlySet<string>;
  readonly metadata: Payload;
}

interface Change {
  readonly number: number;
  readonly apply: (state: ProfileState) => ProfileState;
  readonly resolve: () => void;
  readonly reject: (error: RouterError) => void;
}

/** Without acknowledgements, older changes than these count as accepted. */
const MAX_CHANGES = 64;

/** How a profile sends its changes. */
export interface ProfileSender {
  send(message: WireMessage): Promise<void>;
  /** Whether `send` resolves by an acknowledgement of the router, which follows its refusals. */
  isAcknowledged(): boolean;
}

/**
 * Groups and metadata of a client. A change is part of each further registration, unless the router has refused it: a
 * registration with it would be refused, too.
 */
export class Profile {
  private accepted: ProfileState;
  private readonly sender: ProfileSender;
  /** In the order of their numbers. */
  private changes: Change[] = [];
  private lastNumber = 0;
  /** Changes up to this number are part of the registration that is being made. */
  private offeredNumber = 0;

  constructor(state: ProfileState, sender: ProfileSender) {
    this.accepted = state;
    this.sender = sender;
  }

  get current(): ProfileState {
    return this.changes.reduce((state, { apply }) => apply(state), this.accepted);
  }

  join(groups: readonly string[]): Promise<void> {
    return this.change({ type: 'updateGroups', payload: { join: groups } }, ({ groups: old, metadata }) => ({
      groups: new Set([...old, ...groups]),
      metadata,
    }));
  }

  leave(groups: readonly string[]): Promise<void> {
    return this.change({ type: 'updateGroups', payload: { leave: groups } }, ({ groups: old, metadata }) => ({
      groups: new Set([...old].filter((group) => !groups.includes(group))),
      metadata,
    }));
  }

  async setMetadata(metadata: Payload): Promise<void> {
    checkPayload(metadata);
    await this.change({ type: 'updateMetadata', payload: { metadata } }, ({ groups }) => ({ groups, metadata }));
  }

  /** The state for a registration that is made now. */
  offer(): ProfileState {
    this.offeredNumber = this.lastNumber;
    return this.current;
  }

  /** The router has accepted the registration with the state of `offer`. */
  accept(): void {
    this.acceptUpTo(this.offeredNumber);
  }

  /** The router has refused the change that it names by `messageId`, or the change could not be sent. */
  refuse(messageId: unknown, error: RouterError): void {
    const at = this.changes.findIndex(({ number }) => messageId === idOf(number));
    for (const { reject } of at < 0 ? [] : this.changes.splice(at, 1)) reject(error);
  }

  /** Takes back the changes that are not accepted; false when there are none. */
  revert(error: RouterError): boolean {
    const reverted = this.changes;
    this.changes = [];
    for (const { reject } of reverted) reject(error);
    return reverted.length > 0;
  }

  private change(message: WireMessage, apply: Change['apply']): Promise<void> {
    return new Promise((resolve, reject) => {
      const number = ++this.lastNumber;
      this.changes.push({ number, apply, resolve, reject });
      if (this.changes.length > MAX_CHANGES) this.acceptUpTo(number - MAX_CHANGES);
      const messageId = idOf(number);
      this.sender.send({ ...message, payload: { ...message.payload, messageId } }).then(
        () => {
          if (this.sender.isAcknowledged()) this.acceptUpTo(number);
          else resolve();
        },
        (error: unknown) => this.refuse(messageId, asRouterError(error, 'invalid-value')),
      );
    });
  }

  private acceptUpTo(number: number): void {
    const isAccepted = (change: Change): boolean => change.number <= number;
    for (const change of this.changes.filter(isAccepted)) {
      this.accepted = change.apply(this.accepted);
      change.resolve();
    }
    this.changes = this.changes.filter((change) => !isAccepted(change));
  }
}

function idOf(number: number): string {
  return `profile-${number}`;
}
