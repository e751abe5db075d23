import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { below, losesAnswers } from '../versions.js';
import { without, withoutOurs } from './ours.js';
import { startStage, type Ownership, type Run, type Stage } from './run.js';
import type { Scene } from './scenes.js';

const places: [string, Ownership][] = [
  ['a call to another host is what it is on a bare instance', 'foreign'],
  [
    'a call to Procore with { auth: false, retry: false } is what it is on a bare instance',
    'procore without token',
  ],
  ['a call to Procore is what it is on a bare instance with a bearer set by hand', 'procore'],
  // A deadline takes a call off the straight path.
  ['so is one on the long path, such as a call with a deadline', 'procore with deadline'],
];

// Where axios loses the answer of every failed call there is nothing to compare those to Procore with.
const compared = places.filter(([, ownership]) => ownership === 'foreign' || !losesAnswers);

/**
 * Plays each scene on an attached instance and on a bare one of the same axios, which is the yardstick: what versions and adapters do
 * differently does not matter here.
 */
export function compare(scenes: readonly Scene[]): void {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  describe.each(compared)('%s', (_name, ownership) => {
    // Below 1.0 an adapter that the deadline's signal ends knows no message of a CancelToken.
    const knowsMessage = ownership !== 'procore with deadline' || !below('1.0');
    const shown = scenes.filter(
      ({ foreignOnly, cancelled }) =>
        (ownership === 'foreign' || !foreignOnly) && (knowsMessage || !cancelled),
    );
    test.each(shown)('$name', async ({ play, sendsNothing, neverEnters, cancelled }) => {
      const runs = await stage.both(play, ownership);
      // Older versions refuse some of these bodies before they send anything.
      if (!sendsNothing && !below('1.7')) expect(runs.bare.server).not.toEqual([]);
      const comparable = (run: Run) => {
        const own = ownership === 'foreign' ? run : withoutOurs(run);
        if (neverEnters) return without(['adapter'], own);
        return cancelled && ownership !== 'foreign' ? without(['config', 'request'], own) : own;
      };
      expect(comparable(runs.attached)).toEqual(comparable(runs.bare));
    });
  });
}
