/** How a measure is taken. */
export interface Run {
  /** Rounds, each in an order that is drawn anew. */
  readonly rounds: number;
  /** Says what is going on, to the terminal. */
  say(text: string): void;
}
