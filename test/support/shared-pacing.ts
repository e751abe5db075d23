import type { Question, Reply, SharedPacing } from '../../src/pacing/shared/exchange.js';
import { answerTo } from '../../src/pacing/shared/plan.js';
import type { Common, Member } from '../../src/pacing/shared/state.js';

/** The common state of one scope, in memory. */
export interface ScopeState {
  common: Common | undefined;
  readonly members: Map<string, Member>;
  readonly replies: Map<string, Reply>;
}

export const emptyScope = (): ScopeState => ({ common: undefined, members: new Map(), replies: new Map() });

/** Answers a question and keeps what it changes. A question that is older than the last of its member gets the last reply. */
export function ask(scope: ScopeState, question: Question, nowMs: number): Reply {
  const answered = answerTo(scope, question, nowMs);
  if (!answered) return scope.replies.get(question.member)!;
  const { common, member, reply, removed } = answered;
  scope.common = common;
  for (const name of removed) {
    scope.members.delete(name);
    scope.replies.delete(name);
  }
  scope.members.set(question.member, member);
  scope.replies.set(question.member, reply);
  return reply;
}

/** A `SharedPacing` without a server. Its state is lost by `restart`, as by that of a server without persistence. */
export function createMemoryPacing(
  now: () => number,
): SharedPacing & { restart(): void; readonly asked: number } {
  const scopes = new Map<string, ScopeState>();
  let asked = 0;
  return {
    async ask(name, question) {
      asked++;
      const scope = scopes.get(name) ?? emptyScope();
      scopes.set(name, scope);
      // A server gets and sends text.
      const heard = JSON.parse(JSON.stringify(question)) as Question;
      return Promise.resolve(JSON.parse(JSON.stringify(ask(scope, heard, now()))) as Reply);
    },
    restart: () => void scopes.clear(),
    get asked() {
      return asked;
    },
  };
}
