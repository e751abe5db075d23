import { describe, expect, test } from 'vitest';
import { storeContract, type StoreStage } from '../../src/store-contract/index.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { broken } from './store-contract/broken.js';
import { createFleet, createStore, stageOf } from './store-contract/fleet.js';

/** What each message ends with: the rule that is broken. */
const named = / \((rule ".*"|section "(lock|notices)") of docs\/stores\.md\)$/;

/** The names of the tests that fail, with what they say. */
async function failuresOf(stage: StoreStage): Promise<Record<string, string>> {
  const failures: Record<string, string> = {};
  for (const { name, run } of storeContract(stage)) {
    await run().catch((error: unknown) => {
      expect(error).toMatchObject({ name: 'AssertionError' });
      const { message } = error as Error;
      expect(message).toMatch(named);
      failures[name] = message.replace(named, '');
    });
  }
  return failures;
}

/** The tests of one kind of promise. */
const testsOf = (stage: StoreStage, name: string) => {
  const found = storeContract(stage).find((one) => one.name.startsWith(name));
  if (!found) throw new Error(`there is no test "${name}"`);
  return found;
};

describe('memoryTokenStore', () => {
  const store = memoryTokenStore();
  for (const { name, run } of storeContract({ open: () => store })) test(name, run);
});

describe('a store of several processes that compares, locks, remembers and loses locks', () => {
  const stage = stageOf();
  for (const { name, run } of storeContract(stage)) test(name, run);
});

describe('passes a store', () => {
  test('with load and save alone, synchronous, and null for nothing', async () => {
    const rows = new Map<string, string>();
    const store: TokenStore = {
      load: (account) => (rows.has(account) ? (JSON.parse(rows.get(account)!) as TokenSet) : null),
      save: (tokens, account) => void rows.set(account, JSON.stringify(tokens)),
    };
    const open = async () => store;
    expect(await failuresOf({ open })).toEqual({});
    // There is no remove: the names that are traps are there from the first run.
    expect(await failuresOf({ open })).toEqual({});
  });

  test('whose rows have columns of their own, on a prototype, and NULL for what is missing', async () => {
    const fleet = createFleet();
    const store = createStore(fleet);
    const open = (): TokenStore => ({
      async load(account) {
        const set = await store.load(account);
        const columns = { id: 7, savedAt: new Date(), scope: null, refresh_token: null, ...set };
        return set && (Object.create(columns) as TokenSet);
      },
      save: store.save,
    });
    expect(await failuresOf({ open })).toEqual({});
  });

  test('whose objects are frozen', async () => {
    const fleet = createFleet();
    const open = (): TokenStore => {
      const store = createStore(fleet);
      return { ...store, load: async (account) => Object.freeze(await store.load(account)) };
    };
    expect(await failuresOf({ open })).toEqual({});
  });
});

describe('fails a store that', () => {
  test.concurrent.each(broken)('$defect', async ({ spoil, failing, andOthers = false }) => {
    const failures = await failuresOf(stageOf(spoil));
    for (const [name, message] of Object.entries(failing))
      expect([name, failures[name]]).toEqual([name, expect.stringMatching(message)]);
    if (!andOthers) expect(Object.keys(failures).sort()).toEqual(Object.keys(failing).sort());
  });
});

describe('a stage that cannot work is refused at once, by what is wrong with it', () => {
  const open = () => memoryTokenStore();
  test.each([
    ['nothing', undefined, 'option "stage" is missing; it takes an object with the function open.'],
    ['a function', open, 'option "stage" is a function; it takes an object with the function open.'],
    ['no open', {}, 'option "open" is missing; it takes a function that opens the store.'],
    ['a store', memoryTokenStore(), 'option "open" is missing; it takes a function that opens the store.'],
    ['a store as open', { open: memoryTokenStore() }, 'option "open" is an object; it takes a function'],
    [
      'close: true',
      { open, close: true },
      'option "close" is true (boolean); it takes a function, or nothing.',
    ],
    [
      'breakLock: {}',
      { open, breakLock: {} },
      'option "breakLock" is an object; it takes a function, or nothing.',
    ],
    [
      'limitMs: "5s"',
      { open, limitMs: '5s' },
      'option "limitMs" is a string of length 2; it takes a positive number of millisec',
    ],
    [
      'limitMs: 0',
      { open, limitMs: 0 },
      'option "limitMs" is 0 (number); it takes a positive number of milliseconds',
    ],
    [
      'limitMs: Infinity',
      { open, limitMs: Infinity },
      'option "limitMs" is Infinity (number); it takes a positive number',
    ],
  ])('%s', (_what, stage, message) => {
    const begin = () => storeContract(stage as never);
    expect(begin).toThrow(TypeError);
    expect(begin).toThrow(`storeContract: ${message}`);
  });

  test('undefined is the same as leaving a part out', () => {
    const parts = { close: undefined, breakLock: undefined, limitMs: undefined };
    expect(storeContract({ open, ...parts })).toHaveLength(storeContract({ open }).length);
  });
});

describe('each test', () => {
  const tests = storeContract(stageOf());

  test('can fail: there is a broken store that it finds', () => {
    const found = new Set(broken.flatMap(({ failing }) => Object.keys(failing)));
    expect(tests.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([]);
  });

  test('has a name of its own and a function without parameters, which jest and mocha would take for a callback', () => {
    expect(new Set(tests.map(({ name }) => name)).size).toBe(tests.length);
    expect(tests.filter(({ run }) => run.length > 0)).toEqual([]);
  });

  test('tells what it needs', () => {
    const told = Object.fromEntries(tests.map(({ name, needs }) => [name.split(':')[0], needs]));
    expect(told).toEqual({
      load: undefined,
      save: undefined,
      accounts: undefined,
      remove: 'remove',
      lock: 'lock',
      record: 'lock',
      lost: 'lock',
      notices: 'notices',
    });
  });

  test('is there for lost locks only where the stage can break one', () => {
    const { breakLock: _none, ...stage } = stageOf();
    const names = storeContract(stage).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('lost'))).toEqual([]);
    expect(names).toHaveLength(tests.length - 4);
  });

  test('leaves nothing behind, and closes what it opened, once each', async () => {
    const fleet = createFleet();
    const opened: TokenStore[] = [];
    const closed: TokenStore[] = [];
    const stage = stageOf(undefined, fleet);
    const watched: StoreStage = {
      ...stage,
      async open() {
        const store = await stage.open();
        opened.push(store);
        return store;
      },
      close: async (store) => void closed.push(store),
    };
    expect(await failuresOf(watched)).toEqual({});
    expect([fleet.rows.size, fleet.holders.size]).toEqual([0, 0]);
    expect(new Set(closed)).toEqual(new Set(opened));
    expect(closed).toHaveLength(opened.length);
  });

  test('closes after a failure too', async () => {
    let closed = 0;
    const stage: StoreStage = {
      ...stageOf(({ load }) => ({
        load: async (account) => ({ ...(await load(account)), access_token: 'x' }),
      })),
      close: () => void closed++,
    };
    await expect(testsOf(stage, 'load: an account').run()).rejects.toThrow('must give undefined or null');
    expect(closed).toBe(1);
  });
});

describe('nothing hangs', () => {
  const never = () => new Promise<never>(() => {});
  const limitMs = 250;

  test.each<[what: string, stage: Partial<StoreStage>, message: RegExp]>([
    [
      'load()',
      { open: () => ({ ...createStore(createFleet()), load: never }) },
      /^load\("contract-[\w-]+"\) must resolve; nothing has come of it in 100 ms \(rule "One set for each account" of/,
    ],
    [
      'open()',
      { open: never },
      /^open\(\) of the stage must resolve with a store; nothing has come of it in 100 ms$/,
    ],
    ['close()', { close: never }, /^close\(\) of the stage must resolve; nothing has come of it in 100 ms$/],
  ])('that never settles: %s', async (_what, stage, message) => {
    await expect(testsOf({ ...stageOf(), ...stage, limitMs }, 'load: an account').run()).rejects.toThrow(
      message,
    );
  });

  test('that is slow in each of its steps', async () => {
    const slow = stageOf(({ save }) => ({
      async save(...set) {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return save(...set);
      },
    }));
    await expect(testsOf({ ...slow, limitMs }, 'save: of many in a row').run()).rejects.toThrow(
      'the test must be over in 250 ms (limitMs of the stage)',
    );
  });

  test('though remove() does, which is called to leave nothing behind', async () => {
    const stage = stageOf(() => ({ remove: never }));
    await testsOf({ ...stage, limitMs }, 'save: both tokens').run();
    await expect(testsOf({ ...stage, limitMs }, 'remove: an account that').run()).rejects.toThrow(
      /^remove\(.*\) must resolve; nothing has come of it in 100 ms \(rule "What was deleted stays deleted" of/,
    );
  });
});

test('a stage that cannot open says so with its own error', async () => {
  const stage: StoreStage = { open: () => Promise.reject(new Error('ECONNREFUSED')) };
  await expect(testsOf(stage, 'load: an account').run()).rejects.toThrow('ECONNREFUSED');
});

test('a stage that cannot break a lock, or close, says so with its own error', async () => {
  const broken: StoreStage = { ...stageOf(), breakLock: () => Promise.reject(new Error('no such lock')) };
  await expect(testsOf(broken, 'lost: aborts').run()).rejects.toThrow('no such lock');
  const open: StoreStage = { ...stageOf(), close: () => Promise.reject(new Error('still busy')) };
  await expect(testsOf(open, 'load: an account').run()).rejects.toThrow('still busy');
});
