/** `npm run bench`: the package beside what else there is for an axios instance. `-- --help` has the options. */
import axios from 'axios';
import { Command, InvalidArgumentError, Option } from 'commander';
import { measureOverhead } from './measures/overhead.js';
import { reportOverhead } from './report/overhead.js';
import { printed } from './report/print.js';

const measures = {
  overhead: async (run: Parameters<typeof measureOverhead>[0]) => reportOverhead(await measureOverhead(run)),
};

const { rounds, only } = new Command('bench')
  .option('--rounds <number>', 'measured rounds', positive, 7)
  .addOption(new Option('--only <measure>', 'takes one measure').choices(Object.keys(measures)))
  .allowExcessArguments(false)
  .parse()
  .opts<{ rounds: number; only?: keyof typeof measures }>();

console.log(`axios ${axios.VERSION}, Node ${process.version}, ${rounds} rounds`);
for (const [name, measure] of Object.entries(measures)) {
  if (only && only !== name) continue;
  console.log(printed(await measure({ rounds, say: (text) => void process.stderr.write(`${text}\n`) })));
}

function positive(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It takes a whole number from 1.');
}
