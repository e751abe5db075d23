import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, test, type TestContext } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import { shortFingerprint } from '../../src/token/pair/fingerprint.js';
import type { FrozenReport } from './support/frozen-tasks.js';
import { stage, startPlaces, type Freeze, type Places, type Stage } from './support/frozen-stage.js';
import type { StoreKind } from './support/open-store.js';

let places: Places;
beforeAll(async () => {
  places = await startPlaces();
});
afterAll(() => places?.stop());

/** Calls until one is answered: a verdict is looked at again once a second. */
async function untilAnswered(call: () => Promise<string>): Promise<string> {
  let outcome = await call();
  for (let tries = 0; outcome !== '200' && tries < 20; tries++) {
    await sleep(500);
    outcome = await call();
  }
  return outcome;
}

/** Every process is answered by itself, and all use the pair that the store holds, which is alive. */
async function allWork(
  { account, emulator, others, holder }: Stage,
  expect: TestContext['expect'],
): Promise<void> {
  let last: FrozenReport | undefined;
  const heldCall = async () => (last = await holder.call()).outcome;
  for (const call of [...others.map((other) => other.call), heldCall])
    expect(await untilAnswered(call)).toBe('200');
  const stored = (await others[0]!.store.load(account))!;
  const used = [last!.accessToken];
  for (const { procore } of others) used.push(shortFingerprint(await procore.getAccessToken()));
  expect(used).toEqual(used.map(() => shortFingerprint(stored.access_token)));
  expect([stored.access_token, stored.refresh_token!].map(emulator.isLive)).toEqual([true, true]);
}

const counted = ({ counters: { tokenRequests, exchanges, spentPresentations } }: Emulator) => ({
  tokenRequests,
  exchanges,
  spentPresentations,
});

const lost = 'ERR_PROCORE_REAUTHENTICATION_REQUIRED refresh-response-lost';
const untilUsed = { spentTokens: 'B' } as const;
const where = ', where the old pair lives until the new one is used';

/** What a freeze comes to, where the others have finished before the holder goes on. */
interface Ending {
  readonly others: string;
  readonly counters: ReturnType<typeof counted>;
}
const renewedAnew: Ending = {
  others: '200',
  counters: { tokenRequests: 2, exchanges: 1, spentPresentations: 1 },
};
const bothRenewed: Ending = {
  others: '200',
  counters: { tokenRequests: 2, exchanges: 2, spentPresentations: 0 },
};
/** Each of the others asks once, and is told that the token is spent. */
const toldSpent: Ending = {
  others: lost,
  counters: { tokenRequests: 3, exchanges: 1, spentPresentations: 2 },
};
const adopted: Ending = {
  others: '200',
  counters: { tokenRequests: 1, exchanges: 1, spentPresentations: 0 },
};

const atServer = { at: 'waiting for the answer' } as const;
const freezes: [string, Freeze, Ending][] = [
  ['before its token request is carried out', { ...atServer, held: 'request' }, renewedAnew],
  ['with the answer on its way', { ...atServer, held: 'answer' }, toldSpent],
  [`with the answer on its way${where}`, { ...atServer, held: 'answer', server: untilUsed }, bothRenewed],
  ['before it saves', { at: 'answered' }, toldSpent],
  [`before it saves${where}`, { at: 'answered', server: untilUsed }, bothRenewed],
  ['in the middle of the save', { at: 'in the middle of the save' }, toldSpent],
  ['with the save on its way', { at: 'the save is sent' }, adopted],
];
const unsaved = freezes.filter(([, { at }]) => at !== 'the save is sent');

describe.each<StoreKind>(['redis', 'postgres'])(
  'a holder that is stopped in a renewal, on a %s store',
  (kind) => {
    test.concurrent.for(freezes)(
      '%s: the others take over, and what it brings when it goes on is used by all',
      async ([, freeze, ending], { skip, expect, onTestFinished }) => {
        const location = places.locationOf(kind);
        if (location === undefined) return skip(`no ${kind} server here`);
        const staged = await stage([kind, location], freeze, onTestFinished);
        const startedAt = performance.now();
        const outcomes = await Promise.all(staged.others.map(({ call }) => call()));
        if (process.env['REPORT']) console.log(`${kind}: ${Math.round(performance.now() - startedAt)} ms`);
        expect(outcomes).toEqual([ending.others, ending.others]);
        staged.goOn();
        expect(await staged.report).toMatchObject({ outcome: '200' });
        await allWork(staged, expect);
        expect(counted(staged.emulator)).toEqual(ending.counters);
        expect(staged.presentedBeside()).toEqual([]);
      },
    );

    test.concurrent.for(
      unsaved.flatMap(([title, freeze]) =>
        (['request', 'answer'] as const).map((of) => [title, of, freeze] as const),
      ),
    )(
      '%s, and continued while the %s of another is on its way: no call fails, and nobody is asked for',
      async ([, ofOther, freeze], { skip, expect, onTestFinished }) => {
        const location = places.locationOf(kind);
        if (location === undefined) return skip(`no ${kind} server here`);
        const staged = await stage([kind, location], freeze, onTestFinished);
        const { emulator, others } = staged;
        const own = emulator.misbehave({ on: 'token', after: ofOther === 'answer', do: { kind: 'hold' } });
        const calls = Promise.all(others.map(({ call }) => call()));
        await own.struck();
        staged.goOn();
        // Where the other has redeemed the token, the holder waits for what that saves.
        if (freeze.held === 'request' && ofOther === 'answer')
          while (emulator.log[0]?.answeredAtMs === undefined) await sleep(20);
        else await staged.report;
        own.release();
        expect(await staged.report).toMatchObject({ outcome: '200' });
        expect(await calls).toEqual(['200', '200']);
        expect(others.flatMap(({ told }) => told)).not.toContainEqual(expect.stringContaining('refresh-'));
        await allWork(staged, expect);
        const isTwice = ofOther === 'answer' && freeze.server === untilUsed;
        expect(counted(emulator)).toEqual((isTwice ? bothRenewed : renewedAnew).counters);
        expect(staged.presentedBeside()).toEqual([]);
      },
    );

    test.concurrent.for<[string, Freeze]>([
      ['before its token request is carried out', { ...atServer, held: 'request' }],
      ['with the answer on its way', { ...atServer, held: 'answer' }],
      ['before it saves', { at: 'answered' }],
    ])(
      '%s, where a spent token costs the whole authorization: all say so, nobody goes on asking, and a log-in helps all',
      async ([, freeze], { skip, expect, onTestFinished }) => {
        const location = places.locationOf(kind);
        if (location === undefined) return skip(`no ${kind} server here`);
        const staged = await stage(
          [kind, location],
          { ...freeze, server: { familyRevocation: true } },
          onTestFinished,
        );
        const { emulator, others, holder } = staged;
        await Promise.all(others.map(({ call }) => call()));
        staged.goOn();
        await staged.report;
        const calls = [...others.map((other) => other.call), async () => (await holder.call()).outcome];
        const needsLogin = /^ERR_PROCORE_REAUTHENTICATION_REQUIRED refresh-/;
        for (const call of calls) {
          // A pair that was saved late is tried once by each.
          for (let tries = 0; tries < 3; tries++) {
            await call();
            await sleep(1_100);
          }
          expect(await call()).toMatch(needsLogin);
        }
        const { tokenRequests } = emulator.counters;
        for (const call of calls) expect(await call()).toMatch(needsLogin);
        expect(emulator.counters.tokenRequests).toBe(tokenRequests);
        expect(staged.presentedBeside()).toEqual([]);
        await others[0]!.procore.setTokens(emulator.issue());
        await allWork(staged, expect);
      },
    );
  },
);

/** Half of the pair's life is over: with this setting it is renewed, and works. */
const aging = { agoMs: 60 * 60_000, renewal: { aheadMs: 45 * 60_000 } };

describe.each<StoreKind>(['file', 'redis', 'postgres'])(
  'a holder that is stopped in the background, on a %s store',
  (kind) => {
    test.concurrent('a call whose token works goes out with it', async ({ skip, expect, onTestFinished }) => {
      const location = places.locationOf(kind);
      if (location === undefined) return skip(`no ${kind} server here`);
      const freeze: Freeze = { ...atServer, held: 'request', ...aging };
      const { emulator, others, account } = await stage([kind, location], freeze, onTestFinished);
      const { access_token: old } = (await others[0]!.store.load(account))!;
      expect(await Promise.all(others.map(({ call }) => call()))).toEqual(['200', '200']);
      const used = emulator.log.filter((sent) => sent.kind === 'api').map(({ accessToken }) => accessToken);
      expect(used.slice(-2)).toEqual([shortFingerprint(old), shortFingerprint(old)]);
    });
  },
);

describe('a holder that is stopped in a renewal, on a file store', () => {
  test.concurrent(
    'a call that needs a token names the lock and what to do, and is answered once the holder goes on',
    async ({ expect, onTestFinished }) => {
      const location = places.locationOf('file')!;
      const freeze: Freeze = { ...atServer, held: 'answer', renewal: { timeoutMs: 500 } };
      const staged = await stage(['file', location], freeze, onTestFinished);
      const { emulator, others, account } = staged;
      const [outcome] = await Promise.all(others.map(({ call }) => call()));
      expect(outcome).toContain('ERR_PROCORE_TOKEN_STORE_FAILED');
      expect(outcome).toContain(`has not given the lock ${join(location, account)}-`);
      expect(outcome).toContain('.lock yet. If the process that holds it stands still, continue or end it');
      expect(counted(emulator)).toEqual(adopted.counters);
      staged.goOn();
      await staged.report;
      await allWork(staged, expect);
      expect(counted(emulator)).toEqual(adopted.counters);
    },
  );
});
