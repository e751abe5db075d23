import { ruleNamed, type StoreRule } from '../store/rules.js';
import type { TokenStore } from '../store/store.js';
import { createActor, type Actor, type Soon } from './actor.js';
import { within } from './limits.js';
import type { StoreStage } from './types.js';

/** One promise of the contract, and its test. */
export interface Case {
  name: string;
  /** The rule of `docs/stores.md` that a store breaks which fails this test; `lock` and `notices` mean the sections about these. */
  rule: StoreRule | 'lock' | 'notices';
  needs?: 'lock' | 'remove' | 'notices';
  play: (scene: Scene) => Promise<void>;
}

/** The tools of one test. Whatever it leaves under way is ended after it. */
export interface Scene {
  /** Opens the store again, in the role of another process over the same data. */
  open(): Promise<Actor>;
  /** A new account that was never used. Its name ends with `label`. */
  account(label?: string): string;
  /** The account with exactly this name, which an earlier run may have used. */
  exactAccount(name: string): string;
  /** Calls this after the test, however it ends. */
  after(end: () => void): void;
  readonly soon: Soon;
  readonly limitMs: number;
}

const defaultLimitMs = 10_000;

/** Runs a test: opens the stores, applies the time limits, and afterwards ends and closes everything that was begun. */
export async function play({ rule, needs, play }: Case, stage: StoreStage): Promise<void> {
  const limitMs = stage.limitMs ?? defaultLimitMs;
  const stepMs = limitMs * 0.4;
  const stores: TokenStore[] = [];
  const accounts = new Set<string>();
  const ends: (() => void)[] = [];
  const locks: Promise<unknown>[] = [];

  const soon: Soon = (work, expected, ms = stepMs) =>
    within(work, ms, () => {
      const told = typeof expected === 'string' ? expected : expected();
      return `${told}; nothing has come of it in ${ms} ms`;
    });

  async function open(): Promise<Actor> {
    const store = await soon(
      Promise.resolve().then(() => stage.open()),
      'open() of the stage must resolve with a store',
    );
    stores.push(store);
    return createActor(store, { soon, ends, locks });
  }

  async function finish(): Promise<void> {
    for (const end of ends) end();
    // The stores are closed only after what is under way has ended. If that takes too long, the test has already failed above.
    await Promise.allSettled([soon(Promise.all(locks), '')]);
    // The accounts are removed so that a database does not fill up. A failure here is ignored, because `remove` has tests of its own.
    const [store] = stores;
    if (store?.remove) {
      const removing = [...accounts].map(async (account) => store.remove!(account));
      await Promise.allSettled([soon(Promise.allSettled(removing), '')]);
    }
    const closing = [...new Set(stores)].map(async (opened) => stage.close?.(opened));
    await soon(Promise.all(closing), 'close() of the stage must resolve');
  }

  const run = `contract-${crypto.randomUUID()}`;
  const exactAccount = (name: string) => {
    accounts.add(name);
    return name;
  };
  let count = 0;
  const scene: Scene = {
    open,
    account: (label = '') => exactAccount(`${run}-${count++}${label}`),
    exactAccount,
    after: (end) => void ends.push(end),
    soon,
    limitMs,
  };
  const playing = (async () => {
    if (needs && !(await open()).store[needs]) return;
    await play(scene);
  })();
  const [played] = await Promise.allSettled([
    within(playing, limitMs, () => `the test must be over in ${limitMs} ms (limitMs of the stage)`),
  ]);
  const [finished] = await Promise.allSettled([finish()]);
  if (played.status === 'rejected') throw withRule(played.reason, rule);
  if (finished.status === 'rejected') throw finished.reason;
}

/** The failure of a store, with the name of the broken rule added to its message. An error of the stage itself is returned unchanged. */
function withRule(failure: unknown, rule: Case['rule']): unknown {
  const isOfStore =
    failure instanceof Error &&
    failure.name === 'AssertionError' &&
    !failure.message.includes('of the stage');
  const isSection = rule === 'lock' || rule === 'notices';
  const named = isSection ? `section "${rule}" of docs/stores.md` : ruleNamed(rule);
  if (isOfStore) failure.message = `${failure.message} (${named})`;
  return failure;
}
