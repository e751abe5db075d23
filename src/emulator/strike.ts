import type { Fault } from './fault-types.js';
import type { Strike } from './faults.js';
import { json, type Reply } from './message.js';
import type { Wire } from './wire.js';

const longestTimerMs = 2 ** 31 - 1;

/** Handles a request that is struck by a fault. `carryOut` makes the real answer, and is called once at the most. */
export async function strikeOut(
  strike: Strike,
  wire: Wire,
  carryOut: () => Reply | Promise<Reply>,
): Promise<void> {
  const { do: action, after = false } = strike.fault;
  const real = after ? await carryOut() : undefined;
  switch (action.kind) {
    case 'drop':
      wire.drop();
      return strike.report();
    case 'hang':
      return strike.report();
    case 'answer':
      wire.send(madeUp(action));
      return strike.report();
    case 'redirect':
      wire.send({ status: action.status ?? 302, headers: { location: action.location }, body: '' });
      return strike.report();
    case 'cut':
      wire.cut(real ?? json(200, { message: 'Half of this is all there is.' }));
      return strike.report();
    case 'delay':
    case 'hold': {
      const ms = action.kind === 'delay' ? action.ms : undefined;
      if (await clientStays(strike, wire, ms)) wire.send(real ?? (await carryOut()));
    }
  }
}

/** True after `ms` milliseconds or the release, whichever is first; false when the client left before. */
function clientStays(strike: Strike, wire: Wire, ms: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (stays: boolean): void => {
      clearTimeout(timer);
      forgetRelease();
      forgetLeave();
      resolve(stays);
    };
    const timer = ms === undefined ? undefined : setTimeout(end, Math.min(ms, longestTimerMs), true);
    const forgetRelease = strike.onRelease(() => end(true));
    const forgetLeave = wire.onGone(() => end(false));
    strike.report();
  });
}

function madeUp({ status, headers = {}, body = '' }: Extract<Fault['do'], { kind: 'answer' }>): Reply {
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const made =
    typeof body === 'string' ? { headers: { 'content-type': 'text/html' }, body } : json(status, body);
  return { status, headers: { ...made.headers, ...own }, body: made.body };
}
