import type { ClientPosition, ListedClient } from '../router/index.ts';
import { ApiProblem } from './problem.ts';

/** The parameters of `GET /clients`, checked by its schema. */
export interface ClientQuery {
  readonly group?: string;
  readonly name?: string;
  readonly search?: string;
  readonly status?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** True for the clients that match all filters. */
export function matcherOf({ group, name, status, search: given }: ClientQuery): (client: ListedClient) => boolean {
  const search = given?.toLowerCase();
  return (client) =>
    (group === undefined || client.groups.includes(group)) &&
    (name === undefined || client.name === name) &&
    (status === undefined || client.status === status) &&
    (search === undefined || contains(client, search));
}

function contains({ id, name, groups }: ListedClient, search: string): boolean {
  return (
    id.toLowerCase().includes(search) ||
    name?.toLowerCase().includes(search) === true ||
    groups.some((group) => group.toLowerCase().includes(search))
  );
}

/** The cursor of the page after `position`. */
export function cursorOf({ tag, number }: ClientPosition): string {
  return `${tag}-${number}`;
}

/** The position of a cursor. Throws 400 for a text that is none. */
export function positionOf(cursor: string): ClientPosition {
  const [, tag, number] = /^(\d{1,10})-(\d{1,15})$/.exec(cursor) ?? [];
  if (tag === undefined || number === undefined) {
    throw new ApiProblem(400, 'malformed', 'cursor must be the `next` of a previous page');
  }
  return { tag: Number(tag), number: Number(number) };
}
