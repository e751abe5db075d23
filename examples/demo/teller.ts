import { paint } from './colours.js';
import { wrapForScreen } from './wrap.js';

/** Gives a function that tells a sentence with the time since now in front. `say` prints a line. */
export function createTeller(
  say: (line: string) => void,
  now: () => number = () => performance.now(),
): (sentence: string) => void {
  const startedAt = now();
  return (sentence) => {
    const seconds = `${((now() - startedAt) / 1000).toFixed(1)} s`.padStart(7);
    say(`${paint('dim', seconds)}  ${wrapForScreen(sentence, seconds.length + 2)}`);
  };
}
