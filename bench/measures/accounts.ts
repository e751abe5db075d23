/** What an account costs: memory, first use, and the time of a call where there are many. */
import type { accountCalls } from '../contenders/accounts.js';
import type { Accounts } from '../processes/accounts.js';
import type { AccountsFigures, AccountsRow } from '../report/accounts.js';
import { startChild, type Child } from '../support/child.js';
import { inRounds, inTurn } from '../support/rounds.js';
import { median, shuffled, spreadOf } from '../support/statistics.js';
import { tokenTextBytes } from '../support/tokens.js';
import type { Run } from './measure.js';

type How = keyof typeof accountCalls;
/** What one round has shown of one way, by the number of accounts. */
type Seen = Map<number, Step>;
interface Step {
  grown?: Awaited<ReturnType<Accounts['grow']>>;
  callMicroseconds: number;
  toOneAccount: number;
}

const ways: readonly How[] = ['a map of bearers by hand', 'axios-procore'];
const turns = 8;
const callsPerTurn = 4_000;
const idleMinutes = 60;
/** More accounts than can be made in this time are left out. */
const growthSeconds = 90;
// Whatever many accounts take, the engine is not to give up.
const nodeOptions = ['--expose-gc', '--max-old-space-size=12000'];

export async function measureAccounts(
  counts: readonly number[],
  { rounds, say }: Run,
): Promise<AccountsFigures> {
  const taken = await inRounds(rounds, 50, (round) => {
    say(`accounts: round ${round}`);
    return inTurn(ways, (how) => takeRound(how, counts));
  });
  return {
    rows: ways.flatMap((how) =>
      counts.flatMap((count) => {
        const steps = taken.flatMap((seen) => seen.get(how)!.get(count) ?? []);
        return steps.length ? [rowOf(how, count, steps)] : [];
      }),
    ),
    idle: await measureIdle(Math.min(10_000, counts.at(-1)!)),
  };
}

async function takeRound(how: How, counts: readonly number[]): Promise<Seen> {
  const [one, many] = await Promise.all([connected(how), connected(how)]);
  const seen: Seen = new Map();
  let secondsPerAccount = 0;
  for (const count of counts) {
    if (secondsPerAccount * count > growthSeconds) break;
    const startedAt = performance.now();
    const grown = count > 1 ? await many.ask('grow', { to: count }) : undefined;
    secondsPerAccount = (performance.now() - startedAt) / 1000 / count;
    const costs = { one: [] as number[], many: [] as number[] };
    for (let turn = 0; turn < turns; turn++)
      for (const which of shuffled(['one', 'many'] as const))
        costs[which].push(await { one, many }[which].ask('call', { calls: callsPerTurn }));
    seen.set(count, {
      ...(grown && { grown }),
      callMicroseconds: median(costs.many),
      toOneAccount: median(costs.many.map((cost, turn) => cost / costs.one[turn]!)),
    });
  }
  await Promise.all([one.end(), many.end()]);
  return seen;
}

async function connected(how: How, onVirtualTime = false): Promise<Child<Accounts>> {
  const child = startChild<Accounts>('accounts', nodeOptions);
  await child.ask('connect', { how, onVirtualTime });
  return child;
}

function rowOf(how: How, accounts: number, steps: readonly Step[]): AccountsRow {
  const grown = steps.flatMap((step) => (step.grown ? [{ ...step, ...step.grown }] : []));
  return {
    how,
    accounts,
    rounds: steps.length,
    ...(grown.length && {
      bytesPerAccount: median(grown.map(({ bytesPerAccount }) => bytesPerAccount - tokenTextBytes)),
      firstUseMicroseconds: median(
        grown.map(({ firstCallMicroseconds, callMicroseconds }) => firstCallMicroseconds - callMicroseconds),
      ),
    }),
    callMicroseconds: median(steps.map(({ callMicroseconds }) => callMicroseconds)),
    toOneAccount: spreadOf(steps.map(({ toOneAccount }) => toOneAccount)),
  };
}

async function measureIdle(accounts: number): Promise<AccountsFigures['idle']> {
  const child = await connected('axios-procore', true);
  const { bytesPerAccount: bytesInUse } = await child.ask('grow', { to: accounts });
  const bytesAfter = await child.ask('rest', { ms: idleMinutes * 60_000 });
  await child.end();
  return { accounts, minutes: idleMinutes, bytesInUse, bytesAfter };
}
