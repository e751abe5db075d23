import { setTimeout as sleep } from 'node:timers/promises';
import { patienceMs } from '../../support/patience.js';

/** Waits until `condition` holds, and names what it has waited for where that takes too long for any machine. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`waited ${patienceMs} ms for ${what}`);
    await sleep(10);
  }
}
