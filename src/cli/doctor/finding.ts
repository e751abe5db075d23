/** What is checked, in this order. `renewal` is checked only if it is asked for. */
export type CheckName =
  | 'settings'
  | 'store'
  | 'lock'
  | 'login-host'
  | 'api-host'
  | 'clock'
  | 'credentials'
  | 'token'
  | 'environment'
  | 'company'
  | 'renewal';

/** What a check has come to. `skipped`: something that it needs is not there. */
export interface Finding {
  readonly check: CheckName;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly tried: string;
  readonly came: string;
  readonly remedy?: string;
  /** A part of `came` that may be as long as a secret, and is none: a path. */
  readonly shown?: string;
}

/** What is known of a check before it says anything. */
export type Judged = Omit<Finding, 'check' | 'tried'>;

/** A check that passed. */
export const ok = (came: string): Judged => ({ state: 'ok', came });
/** A check that could not be made. */
export const skipped = (came: string): Judged => ({ state: 'skipped', came });
/** A check that passed, with something that is better mended. */
export const warning = (came: string, remedy: string): Judged => ({ state: 'warning', came, remedy });
/** A check that failed. */
export const failed = (came: string, remedy: string): Judged => ({ state: 'failed', came, remedy });
