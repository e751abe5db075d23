import { InvalidArgumentError, type Command } from './libraries.js';
import type { Answer } from './answer.js';
import type { Settings } from './cleaning.js';
import type { Io } from './io.js';

/** One command: how it is called, and what it does. */
export interface CommandLine {
  readonly name: string;
  readonly summary: string;
  /** For the overview. */
  readonly example: string;
  /** Adds arguments and options. */
  readonly takes: (command: Command) => Command;
  /** `args` are the arguments, `options` what stands behind dashes. Loads the command when it is run. */
  readonly run: (io: Io, settings: Settings, args: readonly unknown[], options: never) => Promise<Answer>;
}

const ofAccount = (command: Command) =>
  command.option('--account <name>', 'whose tokens; without it those of the first user', notEmpty);

/** All commands, in the order in which somebody needs them. */
export const commands: readonly CommandLine[] = [
  {
    name: 'login',
    summary: 'log in by the browser, and save the tokens',
    example: 'axios-procore login',
    takes: (command) =>
      ofAccount(command)
        .option(
          '--oob',
          'copy the code from the page by hand, where no browser can come back to this machine',
        )
        .option('--redirect-uri <uri>', 'a redirect URI of the app on this machine')
        .option('--timeout <seconds>', 'how long to wait for the browser', wholeFrom(1, 3_600), 300)
        .option('--no-browser', 'print the address of the page, and open no browser'),
    run: async (io, settings, _args, options) =>
      (await import('./commands/login.js')).login(io, settings, options),
  },
  {
    name: 'status',
    summary: 'tell what is held of each account; sends nothing',
    example: 'axios-procore status',
    takes: ofAccount,
    run: async (io, settings, _args, options) =>
      (await import('./commands/status.js')).status(io, settings, options),
  },
  {
    name: 'token',
    summary: 'print an access token that works',
    example: 'curl -H "Authorization: Bearer $(axios-procore token)" https://api.procore.com/rest/v1.0/me',
    takes: ofAccount,
    run: async (io, settings, _args, options) =>
      (await import('./commands/token.js')).token(io, settings, options),
  },
  {
    name: 'refresh',
    summary: 'renew the tokens now, and save them',
    example: 'axios-procore refresh',
    takes: ofAccount,
    run: async (io, settings, _args, options) =>
      (await import('./commands/refresh.js')).refresh(io, settings, options),
  },
  {
    name: 'revoke',
    summary: 'revoke the tokens, and remove them from the store',
    example: 'axios-procore revoke',
    takes: ofAccount,
    run: async (io, settings, _args, options) =>
      (await import('./commands/revoke.js')).revoke(io, settings, options),
  },
  {
    name: 'doctor',
    summary: 'look for what keeps calls from working',
    example: 'axios-procore doctor',
    takes: (command) =>
      ofAccount(command).option('--refresh', 'renew the tokens, too: this presents the refresh token'),
    run: async (io, settings, _args, options) =>
      (await import('./commands/doctor.js')).doctor(io, settings, options),
  },
  {
    name: 'explain',
    summary:
      'explain a failure or a warning: a status, a code, a message, the JSON of an error, or a support report',
    example: 'axios-procore explain 403 App is not connected to this company',
    takes: (command) =>
      command.argument('[words...]', 'what to explain; - or nothing reads the standard input'),
    run: async (io, settings, [words]) =>
      (await import('./commands/explain.js')).explain(io, settings, words as readonly string[]),
  },
  {
    name: 'health',
    summary: "tell the health that Procore's API Call Activity Report shows",
    example: 'axios-procore health api-call-activity.csv --html health.html',
    takes: (command) =>
      command
        .argument('<csv>', 'the report, as it was downloaded')
        .option('--html <file>', 'write it as a page, too'),
    run: async (io, settings, [csv], options: { html?: string }) =>
      (await import('./commands/health.js')).health(io, settings, { csv: csv as string, ...options }),
  },
  {
    name: 'emulate',
    summary: "start a server that behaves like Procore's hosts, until Ctrl-C",
    example: 'axios-procore emulate --spike 25',
    takes: (command) =>
      command
        .option(
          '--host <address>',
          'where it listens; 0.0.0.0 lets other machines and containers in',
          notEmpty,
          '127.0.0.1',
        )
        .option('--port <number>', 'its port; 0 takes a free one', wholeFrom(0, 65_535), 0)
        .option(
          '--storage-port <number>',
          'the port for uploads; 0 takes a free one',
          wholeFrom(0, 65_535),
          0,
        )
        .option('--lifetime <seconds>', 'life of an access token', wholeFrom(1, 86_400), 5_400)
        .option('--spike <calls>', 'rate limit of ten seconds; none by default', wholeFrom(1, 1_000_000))
        .option('--hourly <calls>', 'rate limit of an hour; none by default', wholeFrom(1, 1_000_000)),
    run: async (io, settings, _args, options) =>
      (await import('./commands/emulate.js')).emulate(io, settings, options),
  },
];

/** A variable of the shell that is not set makes an empty text, which would be taken for an option that is not given. */
function notEmpty(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('It is empty.');
}

function wholeFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };
}
