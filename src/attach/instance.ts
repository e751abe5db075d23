import type { Procore } from './handle.js';
import type { ProcoreError } from '../failure/errors.js';
import type { TokenSet, TokenStore } from '../store/store.js';
import type { HeldTokenSet } from '../token/source.js';

/**
 * The key of the mark on an attached instance, which every copy of the package reads. Its value is true, or the function that detaches an
 * attach which gives way to another. Release 0.1.0 knows only this key.
 */
const attached: unique symbol = Symbol.for('axios-procore.attached');
/** The key of the attachment on an instance, for `procoreOf` and `replace`. Every copy of the package after release 0.1.0 sets it. */
const attachmentOf: unique symbol = Symbol.for('axios-procore.attachment');

/** The attachment of an instance. Other releases of the package read it too, so its properties must keep their meaning. */
export interface Attachment {
  readonly handle: Procore;
  /** The interceptor on the instance. */
  readonly interceptor: unknown;
  /** The store, which an attach with `replace` compares with its own. */
  readonly store?: TokenStore;
  /** The tokens in memory. The key is a JSON array of login host, client id, grant and account. */
  held(): Iterable<readonly [key: string, held: HeldTokenSet]>;
  /** The accounts that were unloaded because no call used them, by the same keys, each with the store that has its tokens. */
  resting?(): Iterable<readonly [key: string, store: TokenStore]>;
  /** Why what is under way for an account of this name has not succeeded so far; undefined while no try of it has failed. */
  lastFailure?(account: string): ProcoreError | undefined;
  /** Detaches, and stops the events of its handle. */
  giveWay(): void;
}

type Attachable = object & { [attached]?: true | { giveWay(): void }; [attachmentOf]?: Attachment };

/** Marks the instance as attached, so that it is not attached twice. */
export function mark(instance: Attachable, attachment: Attachment): void {
  Object.defineProperty(instance, attached, { value: true, configurable: true });
  Object.defineProperty(instance, attachmentOf, { value: attachment, configurable: true });
}

/** Removes the mark. */
export function unmark(instance: Attachable): void {
  delete instance[attached];
  delete instance[attachmentOf];
}

/** Marks an instance that `axios-procore/register` has attached: an attach by the application itself replaces that attach. */
export function lend(instance: Attachable, handle: { detach(): void }): void {
  const value = { giveWay: () => handle.detach() };
  Object.defineProperty(instance, attached, { value, configurable: true });
}

/** Whether the instance can be attached: it is not attached, or only by an attach that gives way. */
export function isFree(instance: Attachable): boolean {
  return instance[attached] !== true;
}

/** Detaches an attach that gives way. */
export function reclaim(instance: Attachable): void {
  const holder = instance[attached];
  if (typeof holder === 'object') holder.giveWay();
}

/**
 * The attachment that an attach with `replace` replaces. Undefined where there is none, where it gives way, or where release 0.1.0 made it.
 */
export function replaceable(instance: Attachable): Attachment | undefined {
  return isFree(instance) ? undefined : instance[attachmentOf];
}

/**
 * The handle of an attached instance, whichever copy of the package has attached it; undefined where none is attached.
 *
 * @example
 * // In another module than the one that attaches.
 * const state = procoreOf(api)?.status().state;
 */
export function procoreOf(instance: object): Procore | undefined {
  return (instance as Attachable | null | undefined)?.[attachmentOf]?.handle;
}

/** The tokens of this account that an attached instance has in memory; undefined where it has none. */
export function tokensInMemory(instance: object, account: string): TokenSet | undefined {
  const held = (instance as Attachable)[attachmentOf]?.held() ?? [];
  const isOf = (key: string) => (JSON.parse(key) as string[]).at(-1) === account;
  return [...held].find(([key]) => isOf(key))?.[1].tokens;
}

/** Why the renewal or revocation of this account that is under way has not succeeded so far; undefined while no try of it has failed. */
export function lastFailureOf(instance: object, account: string): ProcoreError | undefined {
  return (instance as Attachable)[attachmentOf]?.lastFailure?.(account);
}
