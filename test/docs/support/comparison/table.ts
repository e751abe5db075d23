import { contenderOf } from '../../../../bench/contenders/index.js';
import { connect as byHand } from './by-hand.js';
import { answersOf, type Answers } from './scenes.js';

const names = [
  'axios-retry',
  'axios-auth-refresh + axios-retry',
  'axios-token-interceptor',
  'axios-rate-limit',
  '@procore/js-sdk',
  'axios-procore',
];
const markers = ['<!-- comparison -->\n', '<!-- /comparison -->\n'] as const;

/** What each contender answers, in the order of the columns. All are asked at once: they mostly wait. */
export async function compare(): Promise<[name: string, answers: Answers][]> {
  const others = names.map(async (name): Promise<[string, Answers]> => {
    const contender = contenderOf(name);
    return [name, await answersOf(await contender.load(), contender)];
  });
  const own = answersOf(byHand, { isAxios: true, renews: true });
  return [['by hand', await own], ...(await Promise.all(others))];
}

/** A page with the table of what was seen between its markers. */
export function withComparison(page: string, seen: readonly [name: string, answers: Answers][]): string {
  const [before, rest, ...more] = page.split(markers[0]);
  const [, after] = rest?.split(markers[1]) ?? [];
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error('the page has no markers of the comparison, or has them twice');
  const questions = Object.keys(seen[0]![1]);
  const rows = [
    ['', ...seen.map(([name]) => name)],
    ['---', ...seen.map(() => '---')],
    ...questions.map((question) => [question, ...seen.map(([, answers]) => answers[question] ?? '')]),
  ];
  const table = rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `${before}${markers[0]}\n${table}\n\n${markers[1]}${after}`;
}
