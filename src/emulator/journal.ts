import type { Fault } from './fault-types.js';
import type { Counters, LogEntry } from './log-types.js';
import type { Outcome } from './message.js';

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** The log and the counters. Both are updated before an answer is sent, so that a client that has the answer finds it in them. */
export interface Journal {
  readonly log: readonly LogEntry[];
  readonly counters: Counters;
  /** Opens the entry of a request. */
  arrived(kind: LogEntry['kind'], method: string, path: string): LogEntry;
  /** Adds the fields of a request to its entry. */
  described(entry: LogEntry, note: Partial<LogEntry>): void;
  /** Notes that a fault has struck the request. A request to the login host has no outcome until it is carried out. */
  struck(entry: LogEntry, fault: Fault): void;
  carriedOut(entry: LogEntry, outcome: Outcome): void;
  answered(entry: LogEntry, status: number): void;
  revoked(count: number): void;
  /** Counts a code that was issued by `authorize()`, without a request. */
  authorized(): void;
}

/** `now` in milliseconds. The log has the newest `maxLogEntries` requests; the counters count all. */
export function createJournal(now: () => number, maxLogEntries: number): Journal {
  const log: LogEntry[] = [];
  const byStatus: Record<number, number> = {};
  const counters: Mutable<Counters> = {
    requests: 0,
    apiRequests: 0,
    tokenRequests: 0,
    unauthorized: 0,
    exchanges: 0,
    authorizations: 0,
    revokeRequests: 0,
    spentPresentations: 0,
    revocations: 0,
    duplicateWrites: 0,
    byStatus,
  };
  return {
    log,
    counters,
    arrived(kind, method, path) {
      const entry: LogEntry = { atMs: now(), kind, method, path };
      log.push(entry);
      if (log.length > maxLogEntries) log.shift();
      counters.requests += 1;
      if (kind === 'api') counters.apiRequests += 1;
      if (kind === 'token') counters.tokenRequests += 1;
      if (kind === 'revoke') counters.revokeRequests += 1;
      return entry;
    },
    described(entry, note) {
      Object.assign(entry, note);
    },
    struck(entry, fault) {
      Object.assign(entry, { fault: fault.do.kind, ...(hasOutcome(entry) && { outcome: 'fault' }) });
    },
    carriedOut(entry, { note = {}, revoked = 0, wrote = false, rewrote = false }) {
      Object.assign(entry, note, wrote && { wrote });
      counters.revocations += revoked;
      if (rewrote) counters.duplicateWrites += 1;
      if (note.outcome === 'issued') counters.exchanges += 1;
      if (note.decision === 'allowed') counters.authorizations += 1;
      if (note.outcome === 'spent' && entry.grantType === 'refresh_token') counters.spentPresentations += 1;
    },
    answered(entry, status) {
      Object.assign(entry, { status, answeredAtMs: now() });
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      if (entry.kind === 'api' && status === 401) counters.unauthorized += 1;
    },
    revoked(count) {
      counters.revocations += count;
    },
    authorized() {
      counters.authorizations += 1;
    },
  };
}

function hasOutcome({ kind }: LogEntry): boolean {
  return kind === 'token' || kind === 'revoke';
}
