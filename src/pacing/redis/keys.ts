import { hashTagOf } from '../../store/redis/keys.js';

/**
 * The version of the script, in the name of each key: what one version has written is never read by another. It is raised with every change
 * of the script that an older one would not understand. While two versions run beside one another, each paces the processes that have it.
 */
const scriptVersion = 1;

/**
 * The keys of a scope: its state; and of the members whose calls wait, their places in the order, and by when they ask again. The name of
 * the scope is the hash tag of all three, so that a cluster keeps them on one node, and spreads scopes over its nodes whatever the prefix is.
 */
export function keysOf(prefix: string, scope: string): readonly [state: string, turns: string, due: string] {
  const state = `${prefix}pacing:${scriptVersion}:{${hashTagOf(scope)}}`;
  return [state, `${state}:turns`, `${state}:due`];
}
