import assert from 'node:assert/strict';
import { isTokenStoreConflict, type TokenSet } from '../store/store.js';
import { describeError, mustBeNothing, mustHold, mustLack } from './compare.js';
import type { Case } from './scene.js';

/** The pair number `n`. Two different pairs have no value in common. */
export function pair(n: number): TokenSet {
  return { access_token: `access-${n}`, refresh_token: `refresh-${n}` };
}

const everyField = 'load() after save() must return every field that was saved';

/** A test that saves `saved` for a new account and checks what is loaded then. */
function roundTrip(saved: TokenSet): Case['play'] {
  return async (scene) => {
    const store = await scene.open();
    const account = scene.account();
    await store.save({ ...saved }, account);
    mustHold(await store.load(account), saved, everyField);
  };
}

/** The tests of `load` and `save`. */
export const keeping: readonly Case[] = [
  {
    name: 'load: an account that was never saved has nothing (undefined or null)',
    rule: 'account',
    async play(scene) {
      const store = await scene.open();
      const expected = 'load() of an account that was never saved must give undefined or null';
      mustBeNothing(await store.load(scene.account()), expected);
    },
  },
  { name: 'save: both tokens come back', rule: 'keeps', play: roundTrip(pair(1)) },
  {
    name: 'save: type, scope and times come back as they went',
    rule: 'whole',
    play: roundTrip({
      ...pair(1),
      token_type: 'Bearer',
      scope: 'all',
      expires_in: 5_400,
      created_at: 1_700_000_000,
      expires_at: 1_700_005_400,
    }),
  },
  {
    name: 'save: is seen by other processes at once',
    rule: 'keeps',
    async play(scene) {
      const [writer, reader] = [await scene.open(), await scene.open()];
      const account = scene.account();
      const expected = 'load() must return what another process has saved';
      // The reader loads before the save, so that a cache of that result would show.
      await reader.load(account);
      await writer.save(pair(1), account);
      mustHold(await reader.load(account), pair(1), expected);
      await writer.save(pair(2), account, pair(1));
      mustHold(await reader.load(account), pair(2), expected);
    },
  },
  {
    name: 'save: a set without a refresh token comes back without one',
    rule: 'whole',
    async play(scene) {
      const store = await scene.open();
      const account = scene.account();
      const { refresh_token: _none, ...saved } = pair(1);
      await store.save({ ...saved }, account);
      const loaded = await store.load(account);
      mustHold(loaded, saved, everyField);
      mustLack(loaded, ['refresh_token'], 'load() must not make up a refresh token that was never saved');
    },
  },
  {
    name: 'save: times beyond 32 bits come back as numbers',
    rule: 'whole',
    play: roundTrip({ ...pair(1), created_at: 5_000_000_000, expires_at: 1_893_456_000_123 }),
  },
  {
    name: 'save: long tokens come back whole',
    rule: 'whole',
    play: roundTrip({ access_token: `eyJ${'a1_-'.repeat(1_500)}`, refresh_token: 'r-2~'.repeat(500) }),
  },
  {
    name: 'save: fields of the application come back too',
    rule: 'whole',
    play: roundTrip({
      ...pair(1),
      note: 'mine',
      company_id: 42,
      largest: Number.MAX_SAFE_INTEGER,
      negative: -4_294_967_297,
      fraction: 0.5,
      active: true,
      closed: false,
      owner: { name: 'Ada', rule: 'lock', roles: ['admin', 'clerk'], since: { year: 2019 } },
      list: [1, 'two', { three: 3 }, []],
    }),
  },
  {
    name: 'save: fields of the application may hold any text',
    rule: 'whole',
    play: roundTrip({
      ...pair(1),
      note: 'Zürich 東京 Ελλάδα 🏗️ e\u0301',
      marks: `quotes ' " \` back\\slash %s $1 ? -- ; <b>&amp;</b> {"json":true}`,
      lines: 'one\ntwo\r\n\tthree ',
      long: 'note '.repeat(2_000),
      empty: '',
    }),
  },
  {
    name: 'save: replaces the whole set',
    rule: 'whole',
    async play(scene) {
      const store = await scene.open();
      const account = scene.account();
      const first: TokenSet = { ...pair(1), note: 'of the first set' };
      const { refresh_token: _none, ...second } = pair(2);
      await store.save({ ...first }, account);
      await store.save({ ...second }, account, { ...first });
      const loaded = await store.load(account);
      const expected = 'save() must replace the set that was there';
      mustHold(loaded, second, expected);
      mustLack(loaded, ['refresh_token', 'note'], expected);
    },
  },
  {
    name: 'save: of many in a row, by several processes, the last one counts',
    rule: 'keeps',
    async play(scene) {
      const processes = [await scene.open(), await scene.open()];
      const account = scene.account();
      for (let n = 1; n <= 40; n++)
        await processes[n % 2]!.save(pair(n), account, n > 1 ? pair(n - 1) : undefined);
      for (const { load } of processes)
        mustHold(await load(account), pair(40), 'load() must return the set that was saved last');
    },
  },
  {
    name: 'save: takes the set that load gave for the one that it replaces (previous)',
    rule: 'keeps',
    async play(scene) {
      const [writer, other] = [await scene.open(), await scene.open()];
      const account = scene.account();
      await writer.save(pair(1), account);
      await other.save(pair(2), account, await other.load(account));
      const expected = 'save() with the right previous must replace the set';
      mustHold(await writer.load(account), pair(2), expected);
      // `previous` contains a field that is not in the store. A store must not compare such fields.
      await writer.save(pair(3), account, { ...pair(2), unknown: 'field' });
      mustHold(await other.load(account), pair(3), expected);
    },
  },
  {
    name: 'save: with a wrong previous it saves, or rejects with TokenStoreConflict and changes nothing',
    rule: 'rejected',
    async play(scene) {
      const store = await scene.open();
      for (const wrong of [pair(8), undefined]) {
        const account = scene.account();
        const told = wrong ? 'another previous than the set that is there' : 'no previous, over a set';
        await store.save(pair(1), account);
        const saving = Promise.resolve().then(() => store.store.save(pair(2), account, wrong));
        const [saved] = await scene.soon(Promise.allSettled([saving]), `save() with ${told} must settle`);
        if (saved.status === 'rejected' && !isTokenStoreConflict(saved.reason)) {
          const came = describeError(saved.reason);
          assert.fail(
            `save() with ${told} may reject with a TokenStoreConflict only; it rejected with ${came}`,
          );
        }
        const loaded = await store.load(account);
        if (saved.status === 'rejected')
          mustHold(loaded, pair(1), `save() that rejects with TokenStoreConflict must change nothing`);
        else mustHold(loaded, pair(2), `save() that resolves must have saved`);
      }
    },
  },
  {
    name: 'load: what it gave may be changed without harm to the store',
    rule: 'whole',
    async play(scene) {
      const store = await scene.open();
      const account = scene.account();
      await store.save(pair(1), account);
      const loaded = (await store.load(account)) as Partial<TokenSet>;
      // The test changes the loaded object, which is impossible and so harmless where it is frozen.
      if (loaded && !Object.isFrozen(loaded)) {
        loaded.access_token = 'changed';
        delete loaded.refresh_token;
      }
      const expected =
        'load() must give a copy: a change of what it gave must not change what the store holds';
      mustHold(await store.load(account), pair(1), expected);
    },
  },
  {
    name: 'save: what it took may be changed afterwards without harm to the store',
    rule: 'whole',
    async play(scene) {
      const store = await scene.open();
      const account = scene.account();
      const saved: Partial<TokenSet> = pair(1);
      await store.save(saved as TokenSet, account);
      saved.access_token = 'changed';
      delete saved.refresh_token;
      const expected =
        'save() must keep a copy: a later change of what it took must not change what the store holds';
      mustHold(await store.load(account), pair(1), expected);
    },
  },
];
