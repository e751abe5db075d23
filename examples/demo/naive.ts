import { hire } from './crew.js';
import type { NaiveOrder, NaivePlan, NaiveReport } from './naive-messages.js';
import type { Outcome } from './table.js';
import { describe } from './words.js';

/** The client without the plugin, in a process of its own, so that it takes no time from the other one. */
export interface Naive {
  /** Resolves when it can begin, or has failed to start. */
  ready(): Promise<void>;
  go(): void;
  /** Stops it and resolves with what came of its calls; undefined where it could not be run. */
  finish(): Promise<Outcome | undefined>;
  /** Why it could not be run. */
  readonly trouble: string | undefined;
  leave(): Promise<void>;
}

/** Starts the process. */
export function startNaive(plan: NaivePlan): Naive {
  const member = hire<NaiveOrder, NaiveReport>({
    name: 'the process',
    script: new URL('naive-worker.ts', import.meta.url),
    assignment: plan,
    leave: { kind: 'leave' },
  });
  let trouble: string | undefined;
  const note = (error: unknown) => void (trouble = describe(error));
  const started = member.next('ready').then(() => undefined, note);

  return {
    ready: () => started,
    go: () => member.tell({ kind: 'go' }),
    async finish() {
      if (trouble !== undefined) return undefined;
      const answer = member.next('finished');
      member.tell({ kind: 'finish' });
      try {
        return (await answer).outcome;
      } catch (error) {
        note(error);
        return undefined;
      }
    },
    get trouble() {
      return trouble;
    },
    leave: () => member.leave(),
  };
}
