import type { Answer } from './answer.js';
import { commands } from './commands.js';

/** What can be done, with an example each. */
export function overview(version: string): Answer {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return {
    data: {
      version,
      commands: commands.map(({ name, summary, example }) => ({ name, summary, example })),
    },
    lines: (paint) => [
      `axios-procore ${version}: tokens and failures of the Procore API, from the command line.`,
      '',
      ...commands.flatMap(({ name, summary, example }) => [
        `  ${paint.strong(name.padEnd(width))}  ${summary}`,
        `  ${' '.repeat(width)}  ${paint.faint(`$ ${example}`)}`,
      ]),
      '',
      'The settings are environment variables: PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET, PROCORE_TOKEN_FILE and others,',
      'as axios-procore/register reads them. --json prints one JSON document, --help tells the options of a command.',
      'Exit codes: 0 fine, 1 it failed, 2 wrong use, 130 ended by Ctrl-C.',
    ],
  };
}
