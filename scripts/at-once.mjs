// Runs npm scripts beside one another, so that every core has something to do. All run to their ends, and it fails if any of them fails:
// `node scripts/at-once.mjs check:lint check:types`.
import { succeeds } from './succeeds.mjs';

const went = await Promise.all(
  process.argv
    .slice(2)
    .map((script) =>
      succeeds(script, 'npm', ['run', '--silent', script], { shell: process.platform === 'win32' }),
    ),
);
if (went.includes(false)) process.exitCode = 1;
