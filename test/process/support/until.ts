import { setTimeout as sleep } from 'node:timers/promises';

/** Nothing is measured by it: it ends a test that would hang. A test of processes may take a minute longer. */
export const patienceMs = 240_000;

/** Waits until `condition` holds, and names what it has waited for where that takes too long for any machine. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`waited ${patienceMs} ms for ${what}`);
    await sleep(10);
  }
}
