import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { sharedKinds, type SharedKind } from './place.js';

/** The options of a sync. */
export interface SyncOptions {
  durationSeconds: number;
  concurrency: number;
  lifetimeSeconds: number;
  requests: number;
}

/** The options of the command line. */
export interface DemoOptions extends SyncOptions {
  workers: number;
  store: 'memory' | SharedKind;
  /** The file that the page on the run is written to. */
  html: string;
}

/** Ignored by git. Each run writes over it. */
const defaultPage = fileURLToPath(new URL('../../demo.html', import.meta.url));

/** Reads the command line; ends the process with status 1 and one line for a value that does not fit. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const command = new Command('demo')
    .description(
      'A sync through rate limits, expiries, a lost refresh answer, an outage and a revocation, against the emulator.',
    )
    .option('--duration <seconds>', 'how long the sync takes', numberFrom(1, 3600), 12)
    .option('--concurrency <calls>', 'calls in flight at a time', wholeNumberFrom(1, 10_000), 50)
    .option('--lifetime <seconds>', 'life of an access token', numberFrom(1, 900), 2.5)
    .option('--requests <calls>', 'calls in all', wholeNumberFrom(1, 10_000_000), 2_000)
    .option(
      '--workers <processes>',
      'processes that share the calls and the tokens',
      wholeNumberFrom(1, 64),
      1,
    )
    .addOption(
      new Option('--store <kind>', 'where the tokens are; redis and postgres take REDIS_URL and DATABASE_URL')
        .choices(['memory', ...sharedKinds])
        .default('memory'),
    )
    .addOption(
      new Option('--html <file>', 'where to write the page on the health of the calls').default(
        defaultPage,
        'demo.html in the project',
      ),
    )
    .allowExcessArguments(false)
    .parse(argv);
  const given = command.opts<{
    duration: number;
    concurrency: number;
    lifetime: number;
    requests: number;
    workers: number;
    store: DemoOptions['store'];
    html: string;
  }>();
  if (given.lifetime > given.duration / 4) {
    command.error(
      `error: --lifetime ${given.lifetime} is too long for --duration ${given.duration}: a run should see several expiries, so it takes at most a quarter of it`,
    );
  }
  if (given.requests < given.concurrency * 20) {
    command.error(
      `error: --requests ${given.requests} is too few for --concurrency ${given.concurrency}: it takes at least 20 times as many`,
    );
  }
  if (given.workers > 1 && given.store === 'memory') {
    command.error(
      `error: --workers ${given.workers} needs a store that processes share: add --store ${sharedKinds.join('|')}`,
    );
  }
  if (given.store !== 'memory' && given.lifetime < 2) {
    command.error(
      `error: --lifetime ${given.lifetime} is too short for --store ${given.store}: a stored expiry is in whole seconds, so it takes at least 2`,
    );
  }
  if (given.workers > given.concurrency) {
    command.error(
      `error: --workers ${given.workers} is too many for --concurrency ${given.concurrency}: each takes at least one call at a time`,
    );
  }
  const folder = dirname(resolve(given.html));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    command.error(`error: --html ${given.html}: there is no folder ${folder}`);
  }
  return {
    durationSeconds: given.duration,
    concurrency: given.concurrency,
    lifetimeSeconds: given.lifetime,
    requests: given.requests,
    workers: given.workers,
    store: given.store,
    html: given.html,
  };
}

function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It takes a number from ${least} to ${most}.`);
  };
}

function wholeNumberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };
}
