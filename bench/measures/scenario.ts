import type { Caller } from '../processes/caller.js';
import type { EmulatorProcess } from '../processes/emulator.js';
import { startChild, type Child } from '../support/child.js';
import { inRounds, inTurn } from '../support/rounds.js';
import { outcomeOf, tryOut, type EmulatorOptions, type Outcome } from '../support/trial.js';
import type { Calls } from '../support/calls.js';
import type { Run } from './measure.js';

/** The same calls by several contenders, one after another, each on an emulator of its own. */
export interface Scenario {
  readonly name: string;
  readonly contenders: readonly string[];
  readonly options: EmulatorOptions & { expired?: boolean };
  /** What all rounds may take. */
  readonly seconds: number;
  act(caller: Child<Caller>): Promise<Calls>;
}

export async function takeScenario(
  { name, contenders, options, seconds, act }: Scenario,
  { rounds, say }: Run,
): Promise<Outcome[]> {
  const emulator = startChild<EmulatorProcess>('emulator');
  const taken = await inRounds(rounds, seconds, (round) => {
    say(`${name}: round ${round}`);
    return inTurn(contenders, (contender) => tryOut(emulator, contender, options, act));
  });
  await emulator.end();
  return contenders.map((contender) =>
    outcomeOf(
      contender,
      taken.map((trials) => trials.get(contender)!),
    ),
  );
}
