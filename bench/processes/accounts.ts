/** Calls of so many accounts; it wants `--expose-gc`. */
import { mock } from 'node:test';
import type { CallOf, accountCalls } from '../contenders/accounts.js';
import { answerParent } from '../support/answer-parent.js';
import { startCpuClock } from '../support/cpu.js';
import { bytesInUse } from '../support/memory.js';
import { shuffled } from '../support/statistics.js';

let callOf: CallOf;
let base: number;
let held = 0;
let order: string[] = [];

/** The calls of account 0, until the engine has compiled what they need and all that is loaded once is there. */
async function warmUp(): Promise<void> {
  for (let call = 0; call < 5_000; call++) await callOf('account-0');
}

const tasks = {
  /** `onVirtualTime`: timers and clock are the bench's own, so that an hour passes at once. */
  async connect({ how, onVirtualTime = false }: { how: keyof typeof accountCalls; onVirtualTime?: boolean }) {
    if (onVirtualTime) mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.now() });
    const { accountCalls: calls } = await import('../contenders/accounts.js');
    callOf = calls[how]();
    await warmUp();
    held = 1;
    base = bytesInUse();
  },
  /** Uses new accounts until so many have been used; the microseconds of CPU of a first call, and the bytes of an account. */
  async grow({ to }: { to: number }) {
    const before = held;
    const microsecondsSince = startCpuClock();
    for (; held < to; held++) await callOf(`account-${held}`);
    return {
      firstCallMicroseconds: microsecondsSince() / (to - before),
      bytesPerAccount: (bytesInUse() - base) / (to - 1),
    };
  },
  /** The microseconds of CPU of a call, where the accounts take turns in an order that is drawn. */
  async call({ calls }: { calls: number }) {
    if (order.length !== Math.min(held, calls))
      order = shuffled(Array.from({ length: held }, (_, account) => `account-${account}`)).slice(0, calls);
    const microsecondsSince = startCpuClock();
    for (let call = 0; call < calls; call++) await callOf(order[call % order.length]!);
    return microsecondsSince() / calls;
  },
  /** Lets virtual time pass in which no account is used; the bytes of an account then. */
  async rest({ ms }: { ms: number }) {
    for (let passed = 0; passed < ms; passed += 60_000) {
      mock.timers.tick(60_000);
      // What the tick has set off, such as a look at the store for each account, ends before the next.
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    }
    return (bytesInUse() - base) / (held - 1);
  },
};
export type Accounts = typeof tasks;
answerParent(tasks);
