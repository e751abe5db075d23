import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pacingScriptWith } from '../../src/pacing/redis/script.js';
import type { Question, Reply } from '../../src/pacing/shared/exchange.js';
import type { Common, Member, SharedState } from '../../src/pacing/shared/state.js';
import { ask, emptyScope, type ScopeState } from '../support/shared-pacing.js';
import { startRedis } from './support/redis-server.js';

const server = await startRedis();
afterAll(() => server?.stop());

const script = pacingScriptWith('local serverNowMs = tonumber(ARGV[2])');
const keys = [
  'axios-procore-test:{plan}',
  'axios-procore-test:{plan}:turns',
  'axios-procore-test:{plan}:due',
];
const startMs = 1_780_000_000_000;

/** What one step of a run is made from. Numbers are bent to what fits the state at that moment. */
interface Step {
  readonly what: 'ask' | 'repeat' | 'late' | 'lose' | 'roll-back';
  readonly afterMs: number;
  /** At this moment of those at which something changes, or one beside it, instead of `afterMs` later. */
  readonly edge: { readonly pick: number; readonly besideMs: number } | undefined;
  readonly member: string;
  readonly counts: Pick<Question, 'returned' | 'ended' | 'wanted' | 'waiting'> & { held: number };
  readonly ofThisState: boolean;
  readonly told: readonly {
    readonly limit: number;
    readonly remaining: number;
    readonly below: number;
    readonly reset: number | undefined;
    readonly lateMs: number;
    readonly issuedBefore: number | undefined;
    readonly outstanding: number;
    readonly again: boolean;
  }[];
  readonly unlimitedBefore: number | undefined;
  readonly refused: Question['refused'];
  readonly first: Question['first'];
}

const rarely = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const steps = fc.array(
  fc.record<Step>({
    what: fc.oneof(
      { weight: 30, arbitrary: fc.constant('ask' as const) },
      { weight: 3, arbitrary: fc.constantFrom('repeat' as const, 'late' as const) },
      { weight: 1, arbitrary: fc.constantFrom('lose' as const, 'roll-back' as const) },
    ),
    afterMs: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 400 }) },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 6_000 }) },
      { weight: 2, arbitrary: fc.integer({ min: -20_000, max: 90_000 }) },
    ),
    edge: rarely(fc.record({ pick: fc.nat(99), besideMs: fc.constantFrom(0, 0, -1, 1) })),
    member: fc.constantFrom('a', 'b', 'c', 'd', 'common', 'e e\n'),
    counts: fc.record({
      held: fc.integer({ min: -2, max: 2 }),
      returned: fc.constantFrom(0, 0, 0, 1, 3),
      ended: fc.constantFrom(0, 0, 1, 2, 9),
      wanted: fc.integer({ min: 0, max: 40 }),
      waiting: fc.integer({ min: 0, max: 12 }),
    }),
    ofThisState: fc.constantFrom(true, true, true, false),
    told: fc.array(
      fc.record({
        limit: fc.constantFrom(25, 25, 100, 1_000, 3_600),
        remaining: fc.oneof(
          fc.integer({ min: 0, max: 4 }),
          fc.integer({ min: 0, max: 3_600 }),
          // A half of the limits, and a part that divides among the members.
          fc.constantFrom(12, 13, 50, 51, 60, 500, 1_800),
        ),
        below: fc.constantFrom(0, 0, 1, 5),
        reset: fc.option(fc.integer({ min: -1, max: 3 }), { nil: undefined, freq: 8 }),
        lateMs: fc.oneof(fc.constant(0), fc.integer({ min: -500, max: 3_000 })),
        issuedBefore: fc.option(fc.integer({ min: -2, max: 30 }), { nil: undefined, freq: 5 }),
        outstanding: fc.integer({ min: 0, max: 20 }),
        again: fc.constantFrom(false, false, true),
      }),
      { maxLength: 2 },
    ),
    unlimitedBefore: rarely(fc.integer({ min: 0, max: 9 })),
    refused: rarely(
      fc.record({
        status: fc.constantFrom(429, 503, 503),
        waitMs: fc.option(fc.constantFrom(0, 1, 500, 1_000, 20_000, 9_999_999), { nil: undefined }),
        draw: fc.integer({ min: 0, max: 999 }),
        wentFirst: fc.boolean(),
      }),
    ),
    first: fc.constantFrom(undefined, 'answered', 'answered', 'lost'),
  }),
  { minLength: 1, maxLength: 60 },
);

/** The moments at which something changes, on the clock of the server. */
function edgesOf({ common, members }: ScopeState): number[] {
  if (!common) return [];
  const { windows, closing, grantedMs, sweptMs, setBackMs } = common;
  const edges = [
    ...windows.flatMap(({ resetAtMs }) => (resetAtMs === undefined ? [] : [resetAtMs, resetAtMs - 60_000])),
    ...(closing ? [closing.untilMs, closing.endsMs, closing.firstMs + 5_000] : []),
    grantedMs + 5_000,
    sweptMs + 10_000,
    ...[...members.values()].flatMap(({ dueMs }) => [dueMs + 1_000, dueMs + 20_000]),
  ];
  return edges.filter((edge) => edge > startMs).map((edge) => edge - setBackMs);
}

const tells: Step = {
  what: 'ask',
  afterMs: 0,
  edge: undefined,
  member: 'a',
  counts: { held: 0, returned: 0, ended: 0, wanted: 0, waiting: 0 },
  ofThisState: true,
  told: [],
  unlimitedBefore: undefined,
  refused: undefined,
  first: undefined,
};
const waitsAt = (pick: number, besideMs = 0): Step => ({
  ...tells,
  edge: { pick, besideMs },
  counts: { ...tells.counts, wanted: 1, waiting: 1 },
});
const isRefused = (status: number, waitMs?: number, draw = 999): Step => ({
  ...tells,
  refused: { status, waitMs, draw, wentFirst: true },
});
const anHour = {
  limit: 3_600,
  remaining: 2,
  below: 0,
  reset: 1,
  lateMs: 0,
  issuedBefore: undefined,
  outstanding: 0,
  again: false,
};
/** What chance hardly makes. */
const examples: [Step[]][] = [
  // An outage: each call that goes first is refused.
  [[isRefused(429), ...Array.from({ length: 8 }, () => [waitsAt(0), isRefused(503)]).flat()]],
  // Two refusals that end at the same moment.
  [[isRefused(429, 500, 0), isRefused(503, 500)]],
  // A call goes first, and another member waits for its answer.
  [[isRefused(429), waitsAt(0), { ...waitsAt(0), edge: undefined, afterMs: 1, member: 'b' }]],
  // Exactly half of a limit is left for calls ahead.
  [
    [
      { ...tells, counts: { ...tells.counts, wanted: 1, waiting: 1 } },
      {
        ...tells,
        counts: { ...tells.counts, held: -1, ended: 1, wanted: 40 },
        told: [{ ...anHour, limit: 100, remaining: 49, issuedBefore: 0 }],
      },
    ],
  ],
  // So many members wait that the last ones ask as rarely as any.
  [
    [
      { ...tells, counts: { ...tells.counts, wanted: 10, waiting: 10 } },
      ...Array.from({ length: 260 }, (_, index) => ({ ...waitsAt(0), edge: undefined, member: `m${index}` })),
    ],
  ],
  // A reset that is now.
  [[{ ...tells, told: [{ ...anHour, limit: 25, reset: 0 }] }]],
  // Calls that ended untold have used up a limit whose reset is about a minute away.
  ...[-1, 0, 1].map((besideMs): [Step[]] => [
    [{ ...tells, told: [anHour] }, { ...tells, counts: { ...tells.counts, ended: 3 } }, waitsAt(1, besideMs)],
  ]),
];

function questionOf(step: Step, state: SharedState, number: number, nowMs: number): Question {
  const { member, counts, ofThisState, told, unlimitedBefore, refused, first } = step;
  const issued = state.common?.issued ?? 0;
  return {
    member,
    number,
    epoch: ofThisState ? state.common?.epoch : 'another',
    ...counts,
    held: Math.max((state.members.get(member)?.held ?? 0) + counts.held, 0),
    told: told.map(({ limit, remaining, below, reset, lateMs, issuedBefore, outstanding, again }) => {
      const left = Math.min(remaining, limit);
      const windowMs = limit === 3_600 ? 3_600_000 : 2_000;
      const resetMs = reset === undefined ? undefined : (Math.floor(nowMs / windowMs) + reset) * windowMs;
      return {
        limit,
        remaining: left,
        least: Math.max(left - below, 0),
        reset: resetMs,
        resetInMs: resetMs === undefined ? undefined : resetMs - nowMs + lateMs,
        issued: issuedBefore === undefined ? undefined : Math.max(issued - issuedBefore, 0),
        outstanding: issuedBefore === undefined ? undefined : outstanding,
        again,
      };
    }),
    unlimited: unlimitedBefore === undefined ? undefined : Math.max(issued - unlimitedBefore, 0),
    refused,
    first,
  };
}

/** As plain JSON, in which a property that is undefined is not there. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const plainState = ({ common, members, replies }: SharedState) =>
  plain({ common, members: Object.fromEntries(members), replies: Object.fromEntries(replies) });

function stateIn(fields: Readonly<Record<string, string>>): ScopeState {
  const members = new Map<string, Member>();
  const replies = new Map<string, Reply>();
  for (const [field, text] of Object.entries(fields)) {
    if (!field.startsWith('member:')) continue;
    const [, held, number, turn, dueMs, reply] = /^(\d+) (\d+) (\d+) (\d+) (.+)$/.exec(text)!;
    const name = field.slice('member:'.length);
    members.set(name, {
      held: Number(held),
      number: Number(number),
      turn: Number(turn),
      dueMs: Number(dueMs),
    });
    replies.set(name, JSON.parse(reply!) as Reply);
  }
  const common = fields['common'] === undefined ? undefined : (JSON.parse(fields['common']) as Common);
  // An empty list and an empty object are the same to Lua.
  return {
    common: common && { ...common, windows: common.windows.length > 0 ? common.windows : [] },
    members,
    replies,
  };
}

describe.runIf(server)('the script of redisPacing', () => {
  let redis: Redis;
  beforeAll(() => void (redis = new Redis(server!.url)));
  afterAll(() => redis.disconnect());

  /** The members whose calls wait, with turn and due time, as the sorted sets have them. */
  async function waitingIn(): Promise<Record<string, number[]>> {
    const [turns, due] = await Promise.all(
      keys.slice(1).map((set) => redis.zrange(set, '0', '-1', 'WITHSCORES')),
    );
    const waiting: Record<string, number[]> = {};
    for (const set of [turns!, due!])
      for (let at = 0; at < set.length; at += 2) (waiting[set[at]!] ??= []).push(Number(set[at + 1]));
    return waiting;
  }
  const waitingOf = ({ members }: ScopeState) =>
    Object.fromEntries(
      [...members].flatMap(([name, { turn, dueMs }]) => (turn > 0 ? [[name, [turn, dueMs]]] : [])),
    ) as Record<string, number[]>;

  async function restore(dumps: readonly (Buffer | null)[]): Promise<void> {
    await redis.del(keys);
    for (const [index, dump] of dumps.entries()) if (dump) await redis.restore(keys[index]!, 0, dump);
  }

  test('answers as the plan does, and keeps what the plan keeps', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (run) => {
        await redis.del(keys);
        let state = emptyScope();
        let earlier: { dumps: (Buffer | null)[]; fields: Record<string, string> } | undefined;
        let nowMs = startMs;
        const numbers = new Map<string, number>();
        const asked = new Map<string, Question[]>();
        for (const [index, step] of run.entries()) {
          const edges = step.edge ? edgesOf(state) : [];
          nowMs =
            edges.length > 0
              ? edges[step.edge!.pick % edges.length]! + step.edge!.besideMs
              : nowMs + step.afterMs;
          if (step.what === 'lose') {
            await redis.del(keys);
            state = emptyScope();
          } else if (step.what === 'roll-back' && earlier) {
            await restore(earlier.dumps);
            state = stateIn(earlier.fields);
          }
          const number = (numbers.get(step.member) ?? 0) + 1;
          const earlierOnes = asked.get(step.member) ?? [];
          const question =
            (step.what === 'repeat'
              ? earlierOnes.at(-1)
              : step.what === 'late'
                ? earlierOnes.at(-2)
                : undefined) ?? questionOf(step, state, number, nowMs);
          if (question.number === number) {
            numbers.set(step.member, number);
            asked.set(step.member, [...earlierOnes, question]);
          }
          const expected = ask(state, question, nowMs);
          const told = String(await redis.eval(script, 3, ...keys, JSON.stringify(question), String(nowMs)));
          expect(JSON.parse(told)).toEqual(plain(expected));
          const fields = await redis.hgetall(keys[0]!);
          expect(plainState(stateIn(fields))).toEqual(plainState(state));
          expect(await waitingIn()).toEqual(waitingOf(state));
          if (index % 7 === 3)
            earlier = { fields, dumps: await Promise.all(keys.map((key) => redis.dumpBuffer(key))) };
        }
      }),
      { numRuns: 500, examples },
    );
  });
});
