import { MultiBar, SingleBar } from 'cli-progress';
import { paint } from './colours.js';
import { counted } from './words.js';
import { wrapForScreen } from './wrap.js';

/** The numbers of the progress bar: those of the table, so far. */
export interface Progress {
  readonly done: number;
  readonly renewals: number;
  readonly unauthorized: number;
  readonly limited: number;
  readonly unavailable: number;
  /** What else is counted, such as `50 held`. */
  readonly others: string;
  readonly news: string;
}

/** What a run shows while it goes on: a progress bar on standard error, and the story on standard output. */
export interface Display {
  update(progress: Progress): void;
  /** Tells a sentence of the story, above the bar. */
  say(sentence: string): void;
  /** Shows the last numbers. */
  stop(progress: Progress): void;
}

const options = {
  format: '{bar} {value}/{total} calls | {counts} | {news}',
  barsize: 20,
  // Without a terminal, as in CI, it prints a line at intervals.
  noTTYOutput: true,
  notTTYSchedule: 2_000,
  gracefulExit: false,
  hideCursor: true,
  // The bar is cut at the width of the terminal, and sentences are wrapped.
  linewrap: true,
};

/** Starts the display of a run of `total` calls. */
export function startDisplay(total: number, first: Progress): Display {
  return process.stderr.isTTY ? onTerminal(total, first) : inLines(total, first);
}

/** Only several bars can have lines above them, so this is several of which there is one. */
function onTerminal(total: number, first: Progress): Display {
  // A sentence is written over the bar, which is drawn again even if its numbers are the same.
  const bars = new MultiBar({ ...options, forceRedraw: true });
  const bar = bars.create(total, 0, payloadOf(first));
  return {
    update: (progress) => bar.update(progress.done, payloadOf(progress)),
    say(sentence) {
      if (process.stdout.isTTY) bars.log(`${sentence}\n`);
      else console.log(sentence);
    },
    stop(progress) {
      bar.update(progress.done, payloadOf(progress));
      // Prints the sentences that wait for the next drawing.
      bars.update();
      bars.stop();
    },
  };
}

function inLines(total: number, first: Progress): Display {
  const bar = new SingleBar(options);
  bar.start(total, 0, payloadOf(first));
  return {
    update: (progress) => bar.update(progress.done, payloadOf(progress)),
    say: (sentence) => console.log(sentence),
    stop(progress) {
      bar.update(progress.done, payloadOf(progress));
      bar.stop();
    },
  };
}

function payloadOf({ renewals, unauthorized, limited, unavailable, others, news }: Progress) {
  const statuses = `401s: ${unauthorized}, 429s: ${limited}, 503s: ${unavailable}`;
  return { counts: `${counted(renewals, 'renewal')}, ${others} | ${statuses}`, news };
}

/** Prints the first lines of a run. */
export function announce([first, ...more]: readonly [string, ...string[]]): void {
  console.log(paint('bold', wrapForScreen(first)));
  for (const sentence of more) console.log(wrapForScreen(sentence));
}

/** Prints the verdict on a run; returns the exit code. */
export function pronounce(errors: readonly string[], complaints: readonly string[], good: string): number {
  for (const line of errors.slice(0, 5)) console.error(line);
  for (const complaint of complaints)
    console.error(`${paint('red', 'NOT GOOD:', process.stderr)} ${complaint}`);
  if (complaints.length > 0) return 1;
  console.log(`${paint('green', 'Good:')} ${wrapForScreen(good, 'Good: '.length)}`);
  return 0;
}

/** Prints that the run was stopped; returns the exit code. */
export function pronounceStopped(): number {
  console.log('Stopped before the end: no verdict.');
  return 130;
}
