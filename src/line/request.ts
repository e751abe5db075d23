import type { AxiosRequestConfig } from 'axios';
import type { ChosenAdapter } from '../axios/adapter.js';
import type { CompanyId } from '../options/options.js';
import type { Gate, Ticket } from '../pacing/gate.js';
import type { Story } from './story.js';
import type { TokenSource } from '../token/source.js';
import type { ProcoreDestination } from '../wire/destination.js';
import { companyIn } from '../wire/headers.js';

/** The facts of one call of the application, as they were found at the entrance. */
export interface Request {
  /** The application's configuration, as it comes back on the answer. */
  readonly config: AxiosRequestConfig;
  /** The same, without the properties that every object seems to have where `Object.prototype` is polluted. */
  readonly seen: AxiosRequestConfig;
  readonly destination: ProcoreDestination;
  readonly chosenAdapter: ChosenAdapter;
  readonly account: string;
  /** The source of the account's tokens; undefined for `auth: false`. */
  readonly source: TokenSource | undefined;
  /** The bearer that the call brings along. */
  readonly bearer: string | undefined;
  /** Whether an option names its account, so that its bearer does not decide whose tokens it uses. */
  readonly isNamed: boolean;
  readonly companyId: CompanyId | undefined;
  /** What its attempts are sent with as `Idempotency-Token`, where it asks for that. */
  readonly idempotencyToken: string | undefined;
  /** Undefined with `rateLimit: false`. */
  readonly gate: Gate | undefined;
  readonly ticket: Ticket | undefined;
  /** By the clock of {@link Request.boundMs}; 0 where there is none. */
  readonly startedAtMs: number;
  /** Milliseconds that its `deadlineMs` gives the whole call, from now on. */
  readonly deadlineMs: number | undefined;
  /** Set where it has waited until its account was known. */
  readonly story: Story | undefined;
  /** Milliseconds that its `timeout` gives the whole call, from `startedAtMs` on; undefined: it bounds each attempt. */
  readonly boundMs: number | undefined;
}

/** The method of a call in capitals, for events and errors. */
export function methodOf({ config }: Pick<Request, 'config'>): string {
  return (config.method ?? 'get').toUpperCase();
}

/** Whether the call is sent with the header `Procore-Company-Id`. */
export function hasCompanyId({
  seen,
  companyId,
}: Partial<Pick<Request, 'companyId'>> & Pick<Request, 'seen'>): boolean {
  return companyId !== undefined || companyIn(seen.headers) !== undefined;
}
