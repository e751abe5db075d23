import type { Question, Reply, SharedPacing } from '../../src/pacing/shared/exchange.js';
import type { Member } from '../../src/pacing/shared/state.js';
import type { ManualEnv } from './manual-env.js';
import { ask, emptyScope, type ScopeState } from './shared-pacing.js';

/** The common state of several processes in the memory of one, in the place of a Redis. */
export interface CommonState {
  readonly shared: SharedPacing;
  /** Every question that was read, in order. */
  readonly asked: { readonly scope: string; readonly question: Question }[];
  /** What happens to a question from now on: it is answered, rejected, or read and not answered. */
  state: 'answers' | 'rejects' | 'hangs';
  /** How long a question is on its way, and its reply. @default 0 */
  latencyMs: number;
  /** Answers what has hung. */
  release(): void;
  /** Forgets everything, as a Redis that is started again with nothing in it. */
  lose(): void;
  /** The members of a scope. */
  members(scope?: string): readonly Member[];
}

/** Creates an empty state on this clock, or on one that is ahead of it. */
export function createCommonState(env: ManualEnv, aheadMs = 0): CommonState {
  let scopes = new Map<string, ScopeState>();
  let hanging: (() => void)[] = [];

  function stateOf(scope: string): ScopeState {
    const state = scopes.get(scope) ?? emptyScope();
    scopes.set(scope, state);
    return state;
  }

  const common: CommonState = {
    asked: [],
    state: 'answers',
    latencyMs: 0,
    shared: {
      async ask(scope, question) {
        // What is sent are texts.
        const sent = JSON.parse(JSON.stringify(question)) as Question;
        if (common.state === 'rejects')
          throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        common.asked.push({ scope, question: sent });
        if (common.state === 'hangs') await new Promise<void>((resolve) => hanging.push(resolve));
        if (common.latencyMs > 0) await env.sleep(common.latencyMs / 2);
        const reply = JSON.parse(JSON.stringify(ask(stateOf(scope), sent, env.now() + aheadMs))) as Reply;
        if (common.latencyMs > 0) await env.sleep(common.latencyMs / 2);
        return reply;
      },
    },
    release() {
      const held = hanging;
      hanging = [];
      for (const resolve of held) resolve();
    },
    lose: () => void (scopes = new Map()),
    members: (scope = [...scopes.keys()][0] ?? '') => [...stateOf(scope).members.values()],
  };
  return common;
}
