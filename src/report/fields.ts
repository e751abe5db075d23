import type { Problem } from '../failure/problem.js';

/** Options of `supportReport`. */
export interface SupportReportOptions {
  /** When the call failed. Without it the answer's `Date` header counts, and without an answer the moment in which the report is made. */
  at?: Date | undefined;
  /** Further texts that the report must not contain, of four characters at least: each becomes `[redacted]`. */
  secrets?: readonly string[] | undefined;
}

/** What was sent, without secrets. */
export interface ReportedRequest {
  /** In capitals. */
  method: string;
  /** The whole URL with its query. */
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** What was answered, without secrets. */
export interface ReportedAnswer {
  status: number;
  headers: Record<string, string>;
  body?: string;
}

/** What Procore's support asks for about a failed call. It is plain JSON, and its `toString()` is text to paste into a ticket. */
export interface SupportReport {
  /** Tells a report from other JSON. */
  report: 'axios-procore';
  /** ISO 8601, UTC. */
  at: string;
  /** The error, its message without secrets. */
  error: { name: string; message: string; code?: string };
  /** Missing where the call is not known. */
  request?: ReportedRequest;
  /** Missing where there was no answer. */
  response?: ReportedAnswer;
  /** The `x-request-id` of the answer, by which Procore's support finds the call. */
  requestId?: string;
  /** How often the call was sent; missing where that is not known, which is so for an error that has not passed this package. */
  attempts?: number;
  /** The classification, where there is one. */
  problem?: Pick<Problem, 'kind' | 'reason' | 'title' | 'cause' | 'remedy' | 'docsUrl' | 'messages'>;
  /** The same as text, for a ticket. */
  toString(): string;
}

/** The fields of a report without its method. */
export type Fields = Omit<SupportReport, 'toString'>;

/** The first of the moments that is one, in UTC. */
export function isoOf(moments: readonly unknown[], nowMs: number): string {
  const dates = moments.map((moment) => new Date(typeof moment === 'string' ? moment : Number(moment)));
  return (dates.find((date) => !Number.isNaN(date.getTime())) ?? new Date(nowMs)).toISOString();
}

/** The value, where it is a text that is not empty. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
