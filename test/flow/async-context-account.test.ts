import { describe, expect, test } from 'vitest';
import type { ProcoreOptions } from '../../src/options/options.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { logIn, refresh } from '../support/legacy.js';
import { createScopedHarness, scope, type ScopedHarness } from '../support/scopes.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;
const redirectUri = 'https://app.example.com/callback';
/** What a renewal does. */
const renewing = ['clientSecret', 'load', 'lock', 'record', 'save', 'token request', 'token-renewed'];

/** Does something in the scope of a caller, and whatever follows from it. */
async function asCaller<T>(h: ScopedHarness, work: () => Promise<T>): Promise<T> {
  const done = scope.run('caller', async () => {
    const result = await work();
    expect(scope.getStore()).toBe('caller');
    return result;
  });
  const result = await h.env.drive(done);
  await h.env.drive(h.procore.idle());
  return result;
}

const inAttach = (what: string[]) => new Set(what.map((one) => `${one}: attach`));
/** Events of a call are the call's. */
const ofAccount = ({ seen }: ScopedHarness) =>
  new Set([...seen].filter((one) => !one.startsWith('request-')));

/** What is called, after how much time, with which options, and what the account does for it. */
const causes: [
  title: string,
  cause: (h: Harness) => Promise<unknown>,
  setup?: { afterMs?: number; options?: Partial<ProcoreOptions>; does?: string[] },
][] = [
  ['a call with an expired token', (h) => h.instance.get(me), { afterMs: life }],
  ['a call with an aging token', (h) => h.instance.get(me), { afterMs: life - 60_000 }],
  [
    'a call that waits for the renewal of an aging token',
    (h) => h.instance.get(me),
    { afterMs: life - 60_000, options: { renewal: { background: false } } },
  ],
  [
    'a call whose token is refused',
    (h) => {
      h.emulator.expire(h.store.sets.get('default')!.access_token);
      return h.instance.get(me);
    },
  ],
  ['renew()', (h) => h.procore.renew()],
  ['getAccessToken()', (h) => h.procore.getAccessToken(), { afterMs: life }],
  [
    'setTokens()',
    (h) => h.procore.setTokens(h.emulator.issue()),
    { does: ['load', 'lock', 'record', 'save'] },
  ],
  [
    'exchangeCode()',
    (h) => {
      const url = h.procore.authorizationUrl({ redirectUri, state: 's' });
      return h.procore.exchangeCode({ code: h.emulator.authorize(url).code!, redirectUri });
    },
    { does: ['clientSecret', 'load', 'lock', 'record', 'save', 'token request'] },
  ],
  [
    'revoke()',
    (h) => h.procore.revoke(),
    { does: ['clientSecret', 'load', 'lock', 'record', 'remove', 'token request'] },
  ],
];

describe('runs in the async context of the attach, and the caller goes on in its own', () => {
  test.each(causes)('%s', async (_title, cause, { afterMs = 0, options = {}, does = renewing } = {}) => {
    await using h = await createScopedHarness({ options });
    await asCaller(h, () => h.instance.get(me));
    h.env.jump(afterMs);
    h.seen.clear();
    await asCaller(h, () => cause(h));
    expect(ofAccount(h)).toEqual(inAttach(does));
  });

  test('the first load, and a renewal that finds another’s tokens in the store', async () => {
    await using h = await createScopedHarness();
    await asCaller(h, () => h.instance.get(me));
    expect(ofAccount(h)).toEqual(inAttach(['load']));
    h.env.jump(life);
    h.store.sets.set('default', h.emulator.issue());
    h.seen.clear();
    await asCaller(h, () => h.instance.get(me));
    expect(ofAccount(h)).toEqual(inAttach(['load', 'lock', 'token-adopted']));
  });

  test('the application’s function that presents the grant', async () => {
    const exchange = async () => {
      h.see('exchange');
      return h.emulator.issue();
    };
    await using h: ScopedHarness = await createScopedHarness({ options: { exchange } });
    await asCaller(h, () => h.procore.renew());
    expect(ofAccount(h)).toEqual(inAttach(['exchange', 'load', 'lock', 'record', 'save', 'token-renewed']));
  });

  test('a save that fails, and those that follow later', async () => {
    await using h = await createScopedHarness();
    await asCaller(h, () => h.instance.get(me));
    h.env.jump(life);
    h.seen.clear();
    let tries = 0;
    h.store.onSave = () => {
      if (++tries <= 6) throw new Error('the table is locked');
    };
    await asCaller(h, () => h.instance.get(me));
    expect(tries).toBe(7);
    const told = ['token-save-failed', 'token-saved-late'];
    expect(ofAccount(h)).toEqual(inAttach([...renewing, ...told]));
  });

  test('a late save of tokens that a caller has brought', async () => {
    await using h = await createScopedHarness();
    await asCaller(h, () => h.instance.get(me));
    h.seen.clear();
    let tries = 0;
    h.store.onSave = () => {
      if (++tries <= 6) throw new Error('the table is locked');
    };
    await asCaller(h, () => caught(h.procore.setTokens(h.emulator.issue())));
    const does = ['load', 'lock', 'record', 'save', 'token-save-failed', 'token-saved-late'];
    expect(ofAccount(h)).toEqual(inAttach(does));
  });

  test('a renewal that fails, and one that needs a person', async () => {
    await using h = await createScopedHarness();
    h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 404 } });
    await asCaller(h, () => caught(h.procore.renew()));
    h.emulator.misbehave({
      on: 'token',
      do: { kind: 'answer', status: 400, body: { error: 'invalid_grant' } },
    });
    await asCaller(h, () => caught(h.procore.renew()));
    const told = ['token-renewal-failed', 'reauthentication-required'];
    const does = ['clientSecret', 'load', 'lock', 'record', 'token request', ...told];
    expect(ofAccount(h)).toEqual(inAttach(does));
  });

  test('a renewal that several callers wait for: each goes on in its own context', async () => {
    await using h = await createScopedHarness();
    await asCaller(h, () => h.instance.get(me));
    h.env.jump(life);
    h.seen.clear();
    const callers = ['one', 'two', 'three'].map((name) =>
      scope.run(name, async () => {
        await h.instance.get(me);
        return [name, scope.getStore()];
      }),
    );
    for (const [name, found] of await h.env.drive(Promise.all(callers))) expect(found).toBe(name);
    expect(ofAccount(h)).toEqual(inAttach(renewing));
  });

  test('the end of a wait for the lock that another caller makes needless', async () => {
    await using h = await createScopedHarness();
    await asCaller(h, () => h.instance.get(me));
    const { lock } = h.store;
    h.store.lock = (_account, _critical, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          h.see('abort');
          reject(signal.reason);
        });
      });
    h.env.jump(life);
    const call = scope.run('caller', () => h.instance.get(me));
    await h.env.advance(100);
    h.store.lock = lock!;
    await asCaller(h, () => h.procore.setTokens(h.emulator.issue()));
    await h.env.drive(call);
    expect(h.seen).toContain('abort: attach');
    expect(h.seen).not.toContain('abort: caller');
  });

  test('a request of the application’s own that is answered from the renewal', async () => {
    await using h = await createScopedHarness({ options: { legacy: { takeOverRefresh: true } } });
    await asCaller(h, () => h.instance.get(me));
    h.env.jump(life);
    h.seen.clear();
    await asCaller(h, () => refresh(h, h.store.sets.get('default')!.refresh_token!));
    expect(ofAccount(h)).toEqual(inAttach(renewing));
  });

  test.each([
    ['of a code', (h: ScopedHarness) => logIn(h, 1)],
    [
      'of a token that nobody here knows',
      (h: ScopedHarness) => refresh(h, h.emulator.issue().refresh_token!),
    ],
  ])('the save of an answer to the application’s own exchange %s', async (_title, cause) => {
    await using h = await createScopedHarness({ options: { legacy: { takeOverRefresh: true } } });
    await asCaller(h, () => h.instance.get(me));
    h.seen.clear();
    await asCaller(h, () => cause(h));
    // The request itself is the caller's.
    const does = inAttach(['load', 'lock', 'record', 'save']);
    expect(ofAccount(h)).toEqual(new Set([...does, 'token request: caller']));
  });

  test('the adoption of an answer to a refresh of the application’s own that is only watched', async () => {
    await using h = await createScopedHarness();
    await asCaller(h, () => h.instance.get(me));
    h.seen.clear();
    await asCaller(h, () => refresh(h, h.store.sets.get('default')!.refresh_token!));
    const does = inAttach(['load', 'lock', 'save', 'token-adopted']);
    expect(ofAccount(h)).toEqual(new Set([...does, 'token request: caller']));
  });
});

test('the application’s function that presents the grant is known by it, also where it uses the attached instance', async () => {
  const exchange = async () => {
    const { refresh_token: old } = h.store.sets.get('default')!;
    return (await refresh(h, old!)).data;
  };
  await using h: ScopedHarness = await createScopedHarness({
    options: { exchange, legacy: { takeOverRefresh: true } },
  });
  await asCaller(h, () => h.procore.renew());
  expect(h.emulator.counters).toMatchObject({ tokenRequests: 1, exchanges: 1 });
  expect(h.seen).toContain('token request: attach');
});

test('a function that presents the grant is known by it, also where it uses an instance that was attached later with the same store', async () => {
  const exchange = async () => {
    const { refresh_token: old } = h.store.sets.get('default')!;
    return (await refresh(h, old!, {}, later.instance)).data;
  };
  const options = { exchange, legacy: { takeOverRefresh: true } };
  await using h = await createHarness({ options });
  const later = h.attach();
  await h.env.drive(h.procore.renew());
  await h.env.drive(later.procore.renew());
  await h.env.drive(h.procore.renew());
  expect(h.emulator.counters).toMatchObject({ tokenRequests: 3, exchanges: 3 });
});

describe('a transaction that travels in AsyncLocalStorage', () => {
  /** Keeps what is saved in the transaction of whoever saves, as an ORM does. */
  function transactional(h: Harness) {
    const undo = new Map<string, (() => void)[]>();
    h.store.onSave = (_tokens, account) => {
      const before = h.store.sets.get(account);
      undo.get(scope.getStore() ?? '')?.push(() => h.store.sets.set(account, before!));
    };
    return async (work: () => Promise<unknown>) => {
      undo.set('transaction', []);
      await scope.run('transaction', work);
      for (const back of undo.get('transaction')!.reverse()) back();
      undo.clear();
    };
  }

  test.each(causes.filter(([title]) => !title.startsWith('revoke')))(
    'and is rolled back undoes no save of %s',
    async (_title, cause, { afterMs = 0, options = {} } = {}) => {
      await using h = await createHarness({ options });
      await h.instance.get(me);
      h.env.jump(afterMs);
      const rolledBack = transactional(h);
      await h.env.drive(
        rolledBack(async () => {
          await cause(h);
          await h.procore.idle();
        }),
      );
      const kept = h.store.sets.get('default')!;
      expect(h.emulator.isLive(kept.refresh_token!)).toBe(true);
      expect(kept.access_token).toBe(await h.procore.getAccessToken());
      const later = h.attachProcess({ store: { load: h.store.load, save: h.store.save } });
      expect((await later.instance.get(me)).status).toBe(200);
      expect(h.emulator.counters.spentPresentations).toBe(0);
    },
  );
});

describe('attached more than once with one store', () => {
  test('an account keeps the context of the first attach that has its name, also when another is the first to use it', async () => {
    await using h = await createScopedHarness();
    const later = scope.run('request', () => h.attach());
    h.env.jump(life);
    await h.env.drive(scope.run('request', () => later.instance.get(me)));
    expect([...h.seen].filter((one) => one.endsWith(': request'))).toEqual([]);
    expect(h.seen).toContain('save: attach');
  });

  test('accounts of their own have contexts of their own', async () => {
    await using h = await createScopedHarness();
    const attaching = (account: string) => scope.run(account, () => h.attach({ account }));
    const tenants = ['north', 'south'].map((name) => ({ name, ...attaching(name) }));
    for (const { name } of tenants) h.store.sets.set(name, h.emulator.issue());
    for (const { instance } of tenants) await scope.run('request', () => instance.get(me));
    await h.env.drive(scope.run('request', () => tenants[1]!.procore.renew()));
    expect(h.seen).toContain('load: north');
    expect(h.seen).toContain('load: south');
    expect(h.seen).toContain('save: south');
    expect([...h.seen].filter((one) => one.endsWith(': request'))).toEqual([]);
  });

  test('each attach gets the events of the account in the context that it was attached in', async () => {
    await using h = await createScopedHarness();
    const later = scope.run('later', () => h.attach());
    later.procore.on('token-renewed', () => h.see('heard later'));
    await asCaller(h, () => h.procore.renew());
    expect(h.seen).toContain('token-renewed: attach');
    expect(h.seen).toContain('heard later: later');
  });

  test('an account that a function names has the context of the attach that uses it first', async () => {
    await using h = await createScopedHarness();
    const byHeader = {
      account: (config: { headers?: object }) => Reflect.get(config.headers!, 'X-User') as string,
    };
    const { instance } = scope.run('other', () => h.attach(byHeader));
    h.store.sets.set('someone', h.emulator.issue());
    await scope.run('caller', () => instance.get(me, { headers: { 'X-User': 'someone' } }));
    expect(h.seen).toContain('load: other');
  });
});
