/** What goes wrong or has to wait: each of the contenders that can do anything about it, against the emulator. */
import { contenders, type Contender } from '../contenders/index.js';
import type { Scenario } from './scenario.js';

const those = (are: (contender: Contender) => boolean) => contenders.filter(are).map(({ name }) => name);
const renewing = those(({ renews }) => renews);
const without = (names: readonly string[], name: string) => names.filter((one) => one !== name);

const sdk = '@procore/js-sdk';

/** Calls that are begun at once when the access token has expired. */
export const herd = (calls: number): Scenario => herdOf(calls, without(renewing, sdk), 30);

/** Its calls make an exchange and a connection each: as many as the others make would take half a minute. */
export const herdOfSdk = (calls: number): Scenario => herdOf(calls, [sdk], 10);

const herdOf = (calls: number, names: readonly string[], seconds: number): Scenario => ({
  name: 'herd',
  contenders: names,
  options: { expired: true },
  seconds,
  act: (caller) => caller.ask('burst', { calls, kind: 'read' }),
});

/** A steady load while access tokens expire and the login host takes its time; the engine has compiled what the calls need. */
export const steady = (ms: number): Scenario => ({
  name: 'steady',
  contenders: renewing,
  options: { accessTokenLifetimeSeconds: 2, tokenMs: 50 },
  seconds: 40,
  async act(caller) {
    await caller.ask('burst', { calls: 300, kind: 'read' });
    return caller.ask('steady', { ms, perSecond: 200 });
  },
});

/** More writes than the limit allows. */
export const drain = (calls: number, limit: { limit: number; windowSeconds: number }): Scenario => ({
  name: 'drain',
  contenders: those(
    ({ name, paces, retries, isAxios }) => paces || retries || !isAxios || name === 'hand-written bearer',
  ),
  options: { limit },
  seconds: 30,
  act: (caller) => caller.ask('burst', { calls, kind: 'write' }),
});

/** Reads and writes that begin in an outage, which ends soon. */
export const outage = (calls: number, outageMs: number): Scenario => ({
  name: 'outage',
  contenders: those(({ name, retries, isAxios }) => retries || !isAxios || name === 'hand-written bearer'),
  options: { outageMs },
  seconds: 25,
  act: (caller) => caller.ask('burst', { calls, kind: 'readOrWrite' }),
});
