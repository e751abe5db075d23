import { parseArgs } from 'node:util';
import { runScenario } from './run.js';
import { scenarioOf, type FaultKind } from './scenario.js';
import { shrink } from './shrink.js';
import { toothless } from './teeth.js';

/** The kinds of faults that every run may have. */
const kinds: readonly FaultKind[] = [
  'kill',
  'lose-answers',
  'busy',
  'revoke-access',
  'delete-row',
  'foreign-row',
  'saves-fail',
  'loads-fail',
  'log-in',
  'touch-row',
  'columns',
];

const { values } = parseArgs({
  options: {
    /** How many seeds. */
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    /** One seed alone, with its trace. */
    seed: { type: 'string' },
    /** Kinds of faults, by commas, in the place of those that are run otherwise. */
    faults: { type: 'string' },
    /** Whether to go on after a seed that fails. */
    all: { type: 'boolean', default: false },
  },
});
const say = (text: string) => void process.stdout.write(`${text}\n`);
const chosen = new Set(
  values.faults === undefined ? kinds : (values.faults.split(',').filter(Boolean) as FaultKind[]),
);
const first = Number(values.seed ?? values.from);
const last = values.seed === undefined ? first + Number(values.seeds) - 1 : first;
let failed = 0;

for (let seed = first; seed <= last; seed++) {
  const scenario = scenarioOf(seed, chosen);
  const verdict = await runScenario(scenario);
  if (verdict.broken.length === 0) continue;
  failed++;
  if (values.all) {
    say(`seed ${seed}: ${verdict.broken[0]!.split('\n')[0]}`);
    continue;
  }
  const small = await shrink(scenario);
  say(JSON.stringify(small.scenario, undefined, 1));
  for (const line of small.verdict.trace) say(line);
  for (const line of small.verdict.broken) say(`BROKEN: ${line}`);
  say(
    `\nrun it again: npm run test:model -- --seed ${seed}${values.faults === undefined ? '' : ` --faults ${values.faults}`}`,
  );
  break;
}
say(`${failed} of ${last - first + 1} seeds failed`);
const missed = values.seed === undefined && values.faults === undefined ? await toothless() : [];
for (const name of missed) say(`the judge did not notice ${name}`);
process.exitCode = failed > 0 || missed.length > 0 ? 1 : 0;
