import { ruleNamed, type StoreRule } from '../store/rules.js';
import type { TokenStore } from '../store/store.js';
import { createActor, type Actor, type Soon } from './actor.js';
import { within } from './limits.js';
import type { StoreStage } from './types.js';

/** One promise of the contract, and how it is put to the test. */
export interface Case {
  name: string;
  /** What a store breaks that fails it: one of the rules of `docs/stores.md`, or what that page says of locks. */
  rule: StoreRule | 'lock';
  needs?: 'lock' | 'remove';
  play: (scene: Scene) => Promise<void>;
}

/** What a test works with; whatever it leaves under way is ended with it. */
export interface Scene {
  /** Opens the store once more: another process over the same data. */
  open(): Promise<Actor>;
  /** An account that nobody has used; `label` stands at its end. */
  account(label?: string): string;
  /** An account of just this name; it may be there from an earlier run. */
  exactAccount(name: string): string;
  readonly soon: Soon;
  readonly limitMs: number;
}

const defaultLimitMs = 10_000;

/** Plays a case on a stage of its own: opens, keeps to the limits, and ends and closes whatever was begun. */
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
    // Whatever is under way still needs its store; who hangs here has been told so above.
    await Promise.allSettled([soon(Promise.all(locks), '')]);
    // So that a database does not fill up with tests; whether remove works is a test of its own.
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

/** The failure of a store, with the rule that is broken; what the stage has failed with stays as it is. */
function withRule(failure: unknown, rule: Case['rule']): unknown {
  const isOfStore =
    failure instanceof Error &&
    failure.name === 'AssertionError' &&
    !failure.message.includes('of the stage');
  const named = rule === 'lock' ? 'section "lock" of docs/stores.md' : ruleNamed(rule);
  if (isOfStore) failure.message = `${failure.message} (${named})`;
  return failure;
}
