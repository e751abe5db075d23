/** The emulated Procore of a fleet, in a process of its own, so that it answers in time however busy the test is. */
import { windowsIn, type LimitWindow } from '../../../examples/demo/windows-together.js';
import { startEmulator, type EmulatorOptions, type LogEntry } from '../../../src/emulator/index.js';
import type { TokenSet } from '../../../src/store/store.js';
import { shortFingerprint } from '../../../src/token/pair/fingerprint.js';

/** What it tells at its start. */
export interface EmulatorReady {
  readonly url: string;
  /** One pair for each member of the fleet. */
  readonly tokens: readonly TokenSet[];
}

/** What it has seen so far. */
export interface EmulatorSeen {
  readonly calls: number;
  /** Whose calls were refused by the limit: the places of the pairs in {@link EmulatorReady.tokens}. */
  readonly refused: readonly number[];
  /** Whose calls have no answer yet. */
  readonly unanswered: readonly number[];
}

/** One window of the limit, which is the only one, with the places of those whose calls were refused. */
export type EmulatedWindow = LimitWindow<number>;

/** `hold`: the next call is not answered, until its caller is gone. */
export type EmulatorTask = 'seen' | 'hold' | 'windows';

const [options, members] = process.argv.slice(2) as [string, string];
const emulator = await startEmulator({
  ...(JSON.parse(options) as EmulatorOptions),
  maxLogEntries: Infinity,
});
const tokens = Array.from({ length: Number(members) }, (_none, index) =>
  emulator.issue({ userId: index + 1 }),
);
const owners = tokens.map((pair) => shortFingerprint(pair.access_token));
const ownerOf = ({ accessToken }: { accessToken?: string }) => owners.indexOf(accessToken ?? '');
const ownersOf = (isOne: (entry: LogEntry) => boolean) => emulator.log.filter(isOne).map(ownerOf);
const windows = (): readonly EmulatedWindow[] =>
  windowsIn(emulator.log).map(({ beganAtMs, refused }) => ({ beganAtMs, refused: refused.map(ownerOf) }));

process.on('message', (task: EmulatorTask) => {
  if (task === 'windows') return void process.send!(windows());
  if (task === 'hold') emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
  process.send!({
    calls: emulator.counters.apiRequests,
    refused: ownersOf(({ status }) => status === 429),
    unanswered: ownersOf(({ kind, status }) => kind === 'api' && status === undefined),
  } satisfies EmulatorSeen);
});
process.on('disconnect', () => process.exit());
process.send!({ url: emulator.url, tokens } satisfies EmulatorReady);
