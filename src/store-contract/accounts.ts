import assert from 'node:assert/strict';
import { mustBeNothing, mustHold, mustLack } from './compare.js';
import { pair } from './keeping.js';
import type { Case, Scene } from './scene.js';

/** Saves a different set for each account at the same time, and checks what each account loads. */
async function mustStayApart(scene: Scene, accounts: readonly string[], expected: string): Promise<void> {
  const store = await scene.open();
  const about = async (account: string, work: Promise<void>) => {
    const name = JSON.stringify(account.length > 60 ? `…${account.slice(-60)}` : account);
    await work.catch((error: Error) => assert.fail(`${expected} (account ${name}): ${error.message}`));
  };
  const found = async (account: string, n: number) =>
    mustHold(await store.load(account), pair(n), 'load() must return what was saved');
  await Promise.all(accounts.map((account, n) => about(account, store.save(pair(n), account))));
  await Promise.all(accounts.map((account, n) => about(account, found(account, n))));
}

const apart = 'each account must have its own tokens';

/** The tests of accounts, and of `remove`. */
export const accounts: readonly Case[] = [
  {
    name: 'accounts: many at once do not mix',
    rule: 'account',
    play: (scene) =>
      mustStayApart(
        scene,
        Array.from({ length: 20 }, () => scene.account()),
        apart,
      ),
  },
  {
    name: 'accounts: upper and lower case are different accounts',
    rule: 'account',
    play(scene) {
      const base = scene.account();
      const names = ['Acme', 'acme', 'ACME'].map((name) => scene.exactAccount(`${base}-${name}`));
      return mustStayApart(scene, names, 'accounts that differ in upper and lower case must not be one');
    },
  },
  {
    name: 'accounts: a name may hold any character',
    rule: 'account',
    play(scene) {
      const base = scene.account();
      const odd = [
        ...[
          '',
          ' ',
          '  ',
          '.',
          '/',
          '//',
          '\\',
          ':',
          '|',
          '%',
          '%2F',
          '%20',
          '_',
          '*',
          '?',
          '#',
          '&',
          '=',
          '+',
        ],
        ...[
          '/../x',
          '..\\x',
          '/./x',
          '/x',
          'x',
          '\tx',
          '\nx',
          `'x`,
          '"x',
          '`x',
          '$x',
          '{x}',
          '[x]',
          '--x',
          ';x',
        ],
        ...['ü', 'u', '東京', '東', '🏗', '@example.com', '.json', '.lock', '.tmp', '~'],
      ];
      const names = odd.map((end) => scene.exactAccount(`${base}-${end}`));
      const beginnings = [' ', '/', '../', '.'].map((start) => scene.exactAccount(`${start}${base}-`));
      return mustStayApart(scene, [...names, ...beginnings], 'each name must be an account of its own');
    },
  },
  {
    name: 'accounts: a name may be 500 characters long',
    rule: 'account',
    play(scene) {
      const base = scene.account('-').padEnd(499, 'long-');
      const names = ['a', 'b'].map((end) => scene.exactAccount(base + end));
      return mustStayApart(scene, names, 'long names that differ at their end must not be one account');
    },
  },
  {
    name: 'accounts: __proto__ and its like are names as any other',
    rule: 'account',
    async play(scene) {
      const store = await scene.open();
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
        const account = scene.exactAccount(name);
        const before = await store.load(account);
        // An earlier run may have saved a set for this account. Anything else that is loaded comes from `Object.prototype`.
        if (before && !before.access_token)
          assert.fail(
            `load("${name}") must give a saved set or nothing; it gave an object without access_token`,
          );
        await store.save(pair(1), account, before);
        mustHold(await store.load(account), pair(1), `"${name}" must be an account as any other`);
      }
      mustBeNothing(
        await store.load(scene.account()),
        'load() of an account that was never saved must give undefined or null, whatever others are called',
      );
    },
  },
  {
    name: 'remove: the account is gone, for other processes too, and may come back',
    rule: 'gone',
    needs: 'remove',
    async play(scene) {
      const [store, other] = [await scene.open(), await scene.open()];
      const account = scene.account();
      await store.save({ ...pair(1), note: 'of the first' }, account);
      await store.remove(account);
      for (const { load } of [store, other])
        mustBeNothing(await load(account), 'load() after remove() must give undefined or null');
      await other.save(pair(2), account);
      const loaded = await store.load(account);
      mustHold(loaded, pair(2), 'save() after remove() must work as for a new account');
      mustLack(loaded, ['note'], 'remove() must leave nothing of the set');
    },
  },
  {
    name: 'remove: an account that is not there is fine',
    rule: 'gone',
    needs: 'remove',
    async play(scene) {
      const store = await scene.open();
      const account = scene.account();
      await store.remove(account);
      await store.remove(account);
    },
  },
  {
    name: 'remove: other accounts stay',
    rule: 'account',
    needs: 'remove',
    async play(scene) {
      const store = await scene.open();
      const base = scene.account();
      const names = ['', '-', '-1', '%', '_'].map((end) => scene.exactAccount(base + end));
      const gone = names.pop()!;
      for (const [n, account] of [...names, gone].entries()) await store.save(pair(n), account);
      await store.remove(gone);
      for (const [n, account] of names.entries())
        mustHold(await store.load(account), pair(n), 'remove() must leave all other accounts as they are');
    },
  },
];
