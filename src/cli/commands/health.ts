import { readFile } from 'node:fs/promises';
import { healthOf, healthPage, type HealthReport } from '../../health/index.js';
import { codeOf } from '../../text/words.js';
import { CommandError, type Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Paint } from '../colors.js';
import type { Io } from '../io.js';
import { replaceFile } from '../replace-file.js';
import { countOf } from '../words.js';

/** Tells the health that Procore's "API Call Activity Report" shows, and writes it as a page where that is asked for. */
export async function health(
  _io: Io,
  _settings: Settings,
  { csv, html }: { csv: string; html?: string | undefined },
): Promise<Answer> {
  const text = await readFile(csv, 'utf8').catch((error: unknown) => {
    throw new CommandError(`${csv} cannot be read (${codeOf(error)})`, { shown: csv });
  });
  const report = made(() => healthOf(text), csv);
  if (html !== undefined)
    await replaceFile(
      html,
      made(() => healthPage(report), csv),
    ).catch((error: unknown) => {
      throw new CommandError(`${html} cannot be written (${codeOf(error)})`, { shown: html });
    });
  return {
    data: { report, ...(html === undefined ? {} : { html }) },
    lines: (paint) => [
      ...linesOf(report, paint),
      ...(html === undefined ? [] : ['', `The page is ${html}.`]),
    ],
  };
}

function made<T>(work: () => T, csv: string): T {
  try {
    return work();
  } catch (error) {
    throw new CommandError(`${csv}: ${(error as Error).message.replace(/^health(?:Of|Page): /, '')}`, {
      shown: csv,
    });
  }
}

function linesOf({ from, to, state, calls, failed, observations }: HealthReport, paint: Paint): string[] {
  const paintOf = (text: string) =>
    text === 'Healthy' ? paint.good : text === 'Needs Attention' ? paint.bad : paint.warning;
  const shown = (text: string, width = 0) => paintOf(text)(text.padEnd(width));
  const width = Math.max(...observations.map(({ title }) => title.length));
  return [
    `${from} to ${to}: ${shown(state)}. ${countOf(calls, 'call')}, of which ${failed.toLocaleString('en')} failed.`,
    '',
    ...observations.map(
      (one) => `  ${one.title.padEnd(width)}  ${shown(one.state, 18)} ${countOf(one.calls, 'call')}`,
    ),
    ...observations
      .filter((one) => one.state === 'Needs Attention' || one.state === 'Review Recommended')
      .flatMap((one) => ['', `${one.title}: ${one.cause}`, `  What to do: ${one.remedy}`]),
  ];
}
