/** A table of the page and of the terminal. */
export interface Table {
  readonly title: string;
  /** Plain sentences that go before it: what was measured, and how. */
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What is to be reached, beside what was measured. */
export interface Aim {
  readonly what: string;
  /** As a person reads it: `at most 1.10 × bare axios`. */
  readonly aim: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** What one measure has to say of its figures. */
export interface Report {
  readonly tables: readonly Table[];
  readonly aims: readonly Aim[];
}

/** A ratio, as `1.07 ×`. */
export const times = (ratio: number): string => `${ratio.toFixed(2)} ×`;

/** A number of some digits that a person can read at a glance. */
export function short(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}
