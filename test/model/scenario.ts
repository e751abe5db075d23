import { createChance, type Chance } from './chance.js';

/** How a table's columns differ from what was saved. */
export type Columns =
  | 'exact'
  /** `created_at` is `DEFAULT now()` of each write, as a `Date`. */
  | 'created-at-write'
  /** `expires_at` in milliseconds. */
  | 'expires-in-ms'
  /** `new Date(seconds)`. */
  | 'expires-date-of-seconds'
  /** A text without zone, written in Sydney. */
  | 'expires-zoneless'
  /** Neither `created_at`, `expires_in` nor `expires_at`. */
  | 'no-times'
  | 'expires-infinity';

/** What is wrong with the next saves, or with all of them for a while. */
export type SaveFault = 'rejects' | 'rejects-though-written' | 'hangs' | 'hangs-though-written';

/** What happens in a scenario, and when, in milliseconds since its start. */
export type Step = { readonly atMs: number } & (
  | {
      readonly kind: 'calls';
      readonly process: number;
      readonly account: number;
      readonly count: number;
      /** Between one call and the next. */
      readonly gapMs: number;
    }
  | { readonly kind: 'renew'; readonly process: number; readonly account: number }
  /** The process stops, wherever it is, and a cold one takes its place. */
  | { readonly kind: 'kill'; readonly process: number; readonly backMs: number }
  /** The next answers of the token endpoint do not arrive. */
  | { readonly kind: 'lose-answers'; readonly count: number; readonly how: 'reset' | 'hang' }
  /** The token endpoint answers 503 for a while. */
  | { readonly kind: 'busy'; readonly forMs: number }
  /** The server no longer takes the access tokens that there are. */
  | { readonly kind: 'revoke-access'; readonly account: number }
  /** A person authorizes anew, and the application hands the pair to `setTokens`. */
  | { readonly kind: 'log-in'; readonly process: number; readonly account: number }
  /** An admin deletes the row, and puts it back. */
  | { readonly kind: 'delete-row'; readonly account: number; readonly backMs: number }
  /** The next load of the account shows another one's row: one that is shown again and again is the store's own opinion, and believed. */
  | { readonly kind: 'foreign-row'; readonly account: number }
  | { readonly kind: 'saves-fail'; readonly how: SaveFault; readonly count: number }
  | { readonly kind: 'loads-fail'; readonly how: 'reject' | 'hang'; readonly count: number }
  /** Somebody changes a column of the row that is none of the plugin's. */
  | { readonly kind: 'touch-row'; readonly account: number }
);

/** A kind of fault that a scenario may have. */
export type FaultKind = Exclude<Step['kind'], 'calls' | 'renew'> | 'columns' | 'lag' | 'partial';

/** One run, as plain data: what is not in it is drawn from its seed. */
export interface Scenario {
  readonly seed: number;
  readonly grant: 'refresh_token' | 'client_credentials';
  readonly server: {
    /** What a refresh does to the access token before: A, B, and the emulator's B, where the new token's first use decides. */
    readonly oldAccess: 'lives' | 'dies' | 'dies-at-use';
    /** A spent refresh token that is presented again costs the whole authorization. */
    readonly familyRevocation: boolean;
    readonly tokens: 'jwt' | 'opaque';
    readonly lifeSeconds: number;
    /** How far its clock is ahead. */
    readonly skewMs: number;
  };
  readonly processes: number;
  readonly accounts: number;
  readonly store: {
    readonly lock: 'none' | 'plain' | 'record';
    /** A save that would take the place of another set than `previous` is refused. */
    readonly compares: boolean;
    readonly columns: Columns;
    /** How old what a load shows may be. */
    readonly lagMs: number;
    /** What a save leaves out. */
    readonly partial: 'nothing' | 'keeps-nothing' | 'access-token-only' | 'drops-refresh-token' | 'cuts';
  };
  readonly steps: readonly Step[];
}

const columns: readonly [Columns, ...Columns[]] = [
  'created-at-write',
  'expires-in-ms',
  'expires-date-of-seconds',
  'expires-zoneless',
  'no-times',
  'expires-infinity',
];

/** Draws a scenario: the same seed and kinds, the same scenario. */
export function scenarioOf(seed: number, kinds: ReadonlySet<FaultKind>): Scenario {
  const chance = createChance(seed);
  const grant = chance.hits(0.15) ? 'client_credentials' : 'refresh_token';
  const lifeSeconds = chance.pick([60, 600, 5_400]);
  const processes = chance.whole(1, 3);
  // Service accounts of one client are one account.
  const accounts = grant === 'client_credentials' ? 1 : chance.whole(1, 2);
  const oldAccess = chance.pick(['lives', 'dies', 'dies-at-use'] as const);
  const isContested = grant === 'client_credentials' && oldAccess === 'dies';
  // A server that keeps one token for each client: processes that exclude each other by nothing drive each other out.
  const lock = chance.pick(
    isContested ? (['plain', 'record'] as const) : (['none', 'plain', 'record'] as const),
  );
  const compares = chance.hits(0.5);
  const faulty = (kind: FaultKind, share: number) => chance.hits(share) && kinds.has(kind);
  const base = {
    seed,
    grant,
    server: {
      oldAccess,
      familyRevocation: chance.hits(0.3),
      tokens: chance.pick(['jwt', 'jwt', 'opaque']),
      lifeSeconds,
      skewMs: chance.pick([0, 0, -5_000, 5_000]),
    },
    processes,
    accounts,
    store: {
      lock,
      // Where both of two racers get a pair, a store that neither locks nor compares may keep the wrong one: docs/stores.md says so.
      compares: compares || (lock === 'none' && oldAccess === 'dies-at-use'),
      columns: faulty('columns', 0.4) ? chance.pick(columns) : 'exact',
      lagMs: faulty('lag', 0.3) ? chance.pick([50, 300, 1_500]) : 0,
      partial: faulty('partial', 0.2)
        ? chance.pick(['keeps-nothing', 'access-token-only', 'drops-refresh-token', 'cuts'])
        : 'nothing',
    },
  } satisfies Omit<Scenario, 'steps'>;
  return { ...base, steps: stepsOf(base, kinds, chance) };
}

function stepsOf(
  { grant, processes, accounts, server }: Omit<Scenario, 'steps'>,
  kinds: ReadonlySet<FaultKind>,
  chance: Chance,
): Step[] {
  const lifeMs = server.lifeSeconds * 1000;
  const ofFaults = faultSteps(chance, { processes, accounts, grant });
  // A few kinds to a scenario, so that what goes wrong can be told apart.
  const chosen = [...kinds]
    .filter((kind): kind is keyof typeof ofFaults => kind in ofFaults)
    .filter(() => chance.hits(0.25));
  const steps: Step[] = [];
  let atMs = chance.whole(0, 20);
  const rounds = chance.whole(4, 14);
  for (let round = 0; round < rounds; round++) {
    // What comes between two groups: hardly any time, some, or enough for a token to age or to expire.
    if (round > 0)
      atMs += Math.floor(
        chance.pick([40, 1_000, 6_000, lifeMs * 0.3, lifeMs * 0.95, lifeMs * 1.1]) * chance.next(),
      );
    if (chance.hits(0.35)) atMs += Math.floor(lifeMs * chance.pick([0.9, 1.02]));
    const first = chance.whole(0, processes - 1);
    for (let at = 0; at < chance.whole(1, processes); at++) {
      steps.push({
        atMs: atMs + chance.whole(0, 30),
        kind: 'calls',
        process: (first + at) % processes,
        account: chance.whole(0, accounts - 1),
        ...chance.pick([
          { count: 1, gapMs: 0 },
          { count: 3, gapMs: 0 },
          { count: 12, gapMs: 150 },
        ]),
      });
    }
    if (chance.hits(0.1))
      steps.push({
        atMs: atMs + chance.whole(0, 60),
        kind: 'renew',
        process: chance.whole(0, processes - 1),
        account: chance.whole(0, accounts - 1),
      });
    for (const kind of chosen) {
      if (chance.hits(0.5))
        steps.push({ atMs: Math.max(0, atMs + chance.whole(-20, 90)), ...ofFaults[kind]() } as Step);
    }
  }
  return steps.sort((a, b) => a.atMs - b.atMs);
}

function faultSteps(
  chance: Chance,
  { processes, accounts, grant }: Pick<Scenario, 'processes' | 'accounts' | 'grant'>,
) {
  const process = () => chance.whole(0, processes - 1);
  const account = () => chance.whole(0, accounts - 1);
  const isService = grant === 'client_credentials';
  return {
    kill: () => ({ kind: 'kill', process: process(), backMs: chance.pick([0, 20, 2_000]) }),
    'lose-answers': () => ({
      kind: 'lose-answers',
      count: chance.pick([1, 1, 2, 5]),
      how: chance.pick(['reset', 'hang']),
    }),
    busy: () => ({ kind: 'busy', forMs: chance.pick([50, 2_000, 30_000]) }),
    'revoke-access': () => ({ kind: 'revoke-access', account: account() }),
    // A service account has no log-in: the same step revokes its token.
    'log-in': () =>
      isService
        ? { kind: 'revoke-access', account: account() }
        : { kind: 'log-in', process: process(), account: account() },
    'delete-row': () => ({
      kind: 'delete-row',
      account: account(),
      backMs: chance.pick([100, 5_000, 60_000]),
    }),
    'foreign-row': () => ({ kind: 'foreign-row', account: account() }),
    'saves-fail': () => ({
      kind: 'saves-fail',
      how: chance.pick(['rejects', 'rejects-though-written', 'hangs', 'hangs-though-written']),
      count: chance.pick([1, 2, 8]),
    }),
    'loads-fail': () => ({
      kind: 'loads-fail',
      how: chance.pick(['reject', 'hang']),
      count: chance.pick([1, 3]),
    }),
    'touch-row': () => ({ kind: 'touch-row', account: account() }),
  } satisfies Record<string, () => Omit<Step, 'atMs'> & { kind: string }>;
}
