import type { StoreKind } from './open-store.js';

/** Where a process stops itself in the middle of a renewal, but where the server holds its answer: there the test stops it. */
export type FreezePoint =
  | 'waiting for the answer'
  | 'answered'
  /** Redis: the set to be replaced is read. PostgreSQL: the row is written, and not committed. */
  | 'in the middle of the save'
  /** Redis: the save is on its way. PostgreSQL: so is the commit. */
  | 'the save is sent';

/** What the process works with. */
export interface FrozenTask {
  readonly url: string;
  readonly kind: StoreKind;
  readonly location: string;
  readonly account: string;
  readonly point: FreezePoint;
  readonly renewal: { readonly aheadMs?: number; readonly timeoutMs?: number };
}

/** What it tells after each call, and where it stands then. */
export interface FrozenReport {
  /** The status of the answer, or the code of the error and its reason. */
  readonly outcome: string;
  /** What was told since the last call. */
  readonly told: readonly string[];
  /** The fingerprint of its access token; undefined where it has none that works. */
  readonly accessToken: string | undefined;
}
