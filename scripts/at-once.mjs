// Runs npm scripts beside one another, as many at a time as there are cores. All run to their ends, what each has said is printed in one
// piece, and it fails if any of them fails: `node scripts/at-once.mjs check:lint check:types`. `--most 3` runs as many at a time.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { succeeds } from './succeeds.mjs';

const { values, positionals } = parseArgs({ options: { most: { type: 'string' } }, allowPositionals: true });
const startedAt = Date.now();
const left = [...positionals];
const passed = [];
const failed = [];
const work = async () => {
  for (let script = left.shift(); script; script = left.shift()) {
    const args = ['run', '--silent', ...script.split(' ')];
    const went = await succeeds(script, 'npm', args, { shell: process.platform === 'win32' });
    (went ? passed : failed).push(script);
  }
};
await Promise.all(Array.from({ length: Number(values.most ?? availableParallelism()) }, work));
const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
console.log(`\n${passed.length} of ${positionals.length} commands passed in ${seconds} s`);
for (const script of failed) console.error(`FAILED: npm run ${script}`);
// Also where none was run, because `--most` is no number.
if (passed.length === 0 || passed.length < positionals.length) process.exitCode = 1;
