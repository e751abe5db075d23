import type { Question } from '../../../src/pacing/redis.js';

/** A question that asks for one permit, for one call that waits. */
export const question = (member: string, number: number, more: Partial<Question> = {}): Question => ({
  member,
  number,
  epoch: undefined,
  held: 0,
  returned: 0,
  ended: 0,
  wanted: 1,
  waiting: 1,
  told: [],
  unlimited: undefined,
  refused: undefined,
  first: undefined,
  ...more,
});

export const scope = 'login.procore.com client account "default"';

/** Collects what nobody has handled while a test runs. */
export function watchRejections(): { readonly seen: readonly unknown[]; stop(): void } {
  const seen: unknown[] = [];
  const note = (reason: unknown) => void seen.push(reason);
  process.on('unhandledRejection', note);
  return { seen, stop: () => void process.off('unhandledRejection', note) };
}
