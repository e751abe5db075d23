import { parseArgs } from 'node:util';
import { runScenario } from './run.js';
import { scenarioOf, type FaultKind } from './scenario.js';
import { shrink } from './shrink.js';
import { bites } from './teeth.js';

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
  'lag',
  'partial',
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
let ran = 0;
let calls = 0;
let renewals = 0;

for (let seed = first; seed <= last; seed++) {
  const scenario = scenarioOf(seed, chosen);
  const verdict = await runScenario(scenario);
  ran++;
  calls += verdict.calls;
  renewals += verdict.renewals;
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
say(`faults: ${[...chosen].join(', ') || 'none'}`);
say(`${ran} seeds from ${first}, ${calls} calls, ${renewals} renewals: ${failed} failed`);
const isWhole = values.seed === undefined && values.faults === undefined;
const teeth = isWhole ? await bites() : [];
for (const { name, seed } of teeth)
  say(seed === undefined ? `the judge did not notice ${name}` : `noticed ${name}, by seed ${seed}`);
process.exitCode = failed > 0 || teeth.some(({ seed }) => seed === undefined) ? 1 : 0;
