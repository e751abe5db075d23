import type { Emulator } from 'axios-procore/emulator';

/** The duration of a token request, long enough for two of them to overlap if two processes made one at the same time. */
const exchangeMs = 15;

/** Delays token requests by a fault. The first of two faults strikes, so `without` adds another fault before this one. */
export function slowDownExchanges(emulator: Emulator): { without<T>(add: () => T): T } {
  const slowDown = () =>
    emulator.misbehave({ on: 'token', times: Infinity, after: true, do: { kind: 'delay', ms: exchangeMs } });
  let slow = slowDown();
  return {
    without(add) {
      slow.remove();
      const added = add();
      slow = slowDown();
      return added;
    },
  };
}
