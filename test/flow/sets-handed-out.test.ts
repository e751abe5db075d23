import { expect, test } from 'vitest';
import { memoryTokenStore } from '../../src/store/memory.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { authorizationField } from '../../src/token/pair/authorization-line.js';
import { createHarness } from '../support/harness.js';

interface Line {
  id: string;
  replaced: string[];
}

/** What an application may do to a set that is its own. */
function spoil(set: TokenSet): void {
  const line = set[authorizationField] as Line;
  expect(line).toMatchObject({ id: expect.any(String) });
  line.id = 'spoilt';
  line.replaced.push('spoilt');
  set.access_token = 'spoilt';
}

const redirectUri = 'https://app.example.com/callback';

test("a set that the application got from the plugin and changes does not change the plugin's tokens", async () => {
  await using h = await createHarness();
  const { procore, emulator } = h;
  let [isSpoiling, isDown] = [false, false];
  const texts = new Map([['default', JSON.stringify(h.store.sets.get('default'))]]);
  const store: TokenStore = {
    load(account) {
      const set = JSON.parse(texts.get(account)!) as TokenSet;
      return isSpoiling ? kept(set) : set;
    },
    save(tokens, account, previous) {
      if (isDown) throw new Error('down');
      texts.set(account, JSON.stringify(tokens));
      for (const set of [tokens, previous]) if (isSpoiling && set?.[authorizationField]) spoil(set);
    },
  };
  /** A cache of the application's, which hands out its own object and goes on using it. */
  const cached: TokenSet[] = [];
  const kept = (set: TokenSet) => (cached.push(set), set);
  const one = h.attach({ store });
  const stored = () => texts.get('default')!;

  spoil(await one.procore.renew());
  isSpoiling = true;
  spoil(await one.procore.renew());
  for (const set of cached.splice(0)) spoil(set);
  await one.procore.setTokens(emulator.issue());
  const code = emulator.authorize(procore.authorizationUrl({ redirectUri, state: 's' })).code!;
  spoil(await one.procore.exchangeCode({ code, redirectUri }));
  isSpoiling = false;
  await one.procore.renew();
  expect(stored()).not.toContain('spoilt');
  isDown = true;
  const renewing = one.procore.renew();
  await h.env.drive(renewing);
  spoil(one.procore.unsavedTokens()!);
  isDown = false;
  await h.env.advance(60_000);
  await h.env.drive(one.procore.idle());
  expect(stored()).not.toContain('spoilt');
  expect(one.procore.status().unsaved).toBe(false);
});

test("a set that the application gave to the plugin and changes does not change the plugin's tokens", async () => {
  await using h = await createHarness();
  const tokens = await h.procore.renew();
  const given = structuredClone(tokens);
  await h.procore.setTokens(given);
  spoil(given);
  await h.procore.renew();
  expect(JSON.stringify([...h.store.sets])).not.toContain('spoilt');
});

test('what the application does to a set of a memory store changes nothing in the store', async () => {
  await using h = await createHarness();
  const store = memoryTokenStore(h.emulator.issue());
  const { procore } = h.attachProcess({ store });
  await procore.renew();
  spoil((await store.load('default'))!);
  const renewed = await procore.renew();
  expect(JSON.stringify([renewed, await store.load('default')])).not.toContain('spoilt');
});
