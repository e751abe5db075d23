import type { Procore } from './handle.js';
import type { TokenStore } from '../store/store.js';
import type { HeldTokenSet } from '../token/source.js';

/** Found on an attached instance by every copy of the package; true, or how to make it give way. Release 0.1.0 knows this one only. */
const attached: unique symbol = Symbol.for('axios-procore.attached');
/** What is attached, for `procoreOf` and for `replace`, by every copy of the package from the release after 0.1.0 on. */
const attachmentOf: unique symbol = Symbol.for('axios-procore.attachment');

/** What is attached to an instance. Read by other releases of the package, too: what is here keeps its meaning. */
export interface Attachment {
  readonly handle: Procore;
  /** The interceptor on the instance. */
  readonly interceptor: unknown;
  /** Whose place the store of the next attach takes. */
  readonly store?: TokenStore;
  /** The tokens in memory, by login host, client id, grant and account as a JSON array. */
  held(): Iterable<readonly [key: string, held: HeldTokenSet]>;
  /** The accounts that have been let go, by the same keys, each with the store that has its tokens. */
  resting?(): Iterable<readonly [key: string, store: TokenStore]>;
  /** Detaches, and tells the listeners of its handle nothing more. */
  giveWay(): void;
}

type Attachable = object & { [attached]?: true | { giveWay(): void }; [attachmentOf]?: Attachment };

/** Marks the instance, so that it is not attached twice. */
export function mark(instance: Attachable, attachment: Attachment): void {
  Object.defineProperty(instance, attached, { value: true, configurable: true });
  Object.defineProperty(instance, attachmentOf, { value: attachment, configurable: true });
}

/** Takes the mark back. */
export function unmark(instance: Attachable): void {
  delete instance[attached];
  delete instance[attachmentOf];
}

/** Attached without the application's doing: an attach of its own takes the instance over. */
export function lend(instance: Attachable, handle: { detach(): void }): void {
  const value = { giveWay: () => handle.detach() };
  Object.defineProperty(instance, attached, { value, configurable: true });
}

/** Whether it can be attached now: it is not, or what is attached to it gives way. */
export function isFree(instance: Attachable): boolean {
  return instance[attached] !== true;
}

/** Makes way for another attach. */
export function reclaim(instance: Attachable): void {
  const holder = instance[attached];
  if (typeof holder === 'object') holder.giveWay();
}

/** What an attach with `replace` takes the place of; undefined where nothing is attached, or only lent, or by release 0.1.0. */
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
