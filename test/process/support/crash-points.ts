import type { StoreKind } from './open-store.js';

/** Where a process can die in the middle of a renewal; it kills itself there, but where the server holds its answer: there it waits. */
export type CrashPoint =
  | 'locked'
  | 'noted'
  | 'waiting for the answer'
  | 'answered'
  | 'in the middle of the save'
  | 'saved'
  | 'about to release the lock';

/** What a process is told to do. */
export interface CrashTask {
  readonly url: string;
  readonly kind: StoreKind;
  readonly location: string;
  readonly account: string;
  readonly point: CrashPoint;
}
