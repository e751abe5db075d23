import { Command, CommanderError } from './libraries.js';
import { CommandError, exitCodes, type Answer } from './answer.js';
import { readSettings, type Settings } from './cleaning.js';
import { paintWith, wantsColors, withoutControls } from './colors.js';
import { commands, type CommandLine } from './commands.js';
import type { Io } from './io.js';
import { overview } from './overview.js';
import { sentence } from './words.js';

/** Runs what the arguments say, without those of Node, and resolves with the exit code. Never rejects. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const isJson = args.includes('--json');
  const settings = readSettings(io);
  let name = '';
  try {
    const words = args.filter((one) => one !== '--json');
    if (words.length === 0) return print(io, isJson, 'overview', overview(io.version));
    name = commands.find((one) => one.name === words[0])?.name ?? '';
    const chosen = chosenBy(words, io);
    if (chosen === undefined) return exitCodes.fine;
    const answer = await chosen.command.run(io, settings, chosen.args, chosen.options);
    const code = print(io, isJson, name, answer);
    if (answer.until) {
      await answer.until;
      return code;
    }
    // What was begun with the tokens has been ended, and was told; the code says that somebody wanted to stop.
    return io.interrupted.aborted ? codeOfSignal(io) : code;
  } catch (error) {
    return complain(io, isJson, name, settings, error);
  }
}

interface Chosen {
  readonly command: CommandLine;
  readonly args: readonly unknown[];
  readonly options: never;
}

/** The command that the arguments name; undefined where help or the version was asked for, and is written. */
function chosenBy(args: readonly string[], io: Io): Chosen | undefined {
  let chosen: Chosen | undefined;
  const program = new Command('axios-procore')
    .version(io.version)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: () => undefined });
  for (const command of commands) {
    const own = program.command(command.name).description(command.summary);
    command
      .takes(own)
      .option('--json', 'print one JSON document')
      .addHelpText('after', `\n$ ${command.example}`);
    own.action((...given: unknown[]) => {
      const [options] = given.splice(-2) as [Record<string, unknown>];
      const { json: _json, ...others } = options;
      chosen = { command, args: given, options: others as never };
    });
  }
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw error;
  }
  return chosen;
}

function print(io: Io, isJson: boolean, command: string, { isGood = true, data, lines }: Answer): number {
  if (isJson) io.out(`${JSON.stringify({ command, ok: isGood, ...data }, null, 2)}\n`);
  else {
    const isColored = wantsColors(io.environment, io.isTerminal.output);
    io.out(`${withoutControls(lines(paintWith(isColored)).join('\n'), isColored)}\n`);
  }
  return isGood ? exitCodes.fine : exitCodes.failed;
}

/** Says what is wrong in one line: on standard error, or as the JSON document. */
function complain(io: Io, isJson: boolean, command: string, { clean }: Settings, error: unknown): number {
  const isWrongUse = error instanceof CommanderError;
  const exitCode = isWrongUse
    ? exitCodes.wrongUse
    : error instanceof CommandError
      ? error.exitCode
      : exitCodes.failed;
  const text = error instanceof Error ? error.message : String(error);
  const code = isWrongUse ? 'ERR_USAGE' : codeIn(error, exitCode);
  const remedy = code === 'ERR_PROCORE_REAUTHENTICATION_REQUIRED' ? ' Run: axios-procore login' : '';
  const shown = error instanceof CommandError ? error.shown : '';
  const message = `${sentence(clean(text.replace(/^(?:error|axios-procore): /, ''), shown))}${remedy}`;
  if (isJson) io.out(`${JSON.stringify({ command, ok: false, error: { code, message } }, null, 2)}\n`);
  else {
    const isColored = wantsColors(io.environment, io.isTerminal.errors);
    const paint = paintWith(isColored);
    const help = isWrongUse ? ` Help: axios-procore ${command}${command === '' ? '' : ' '}--help` : '';
    io.err(`${withoutControls(`${paint.bad('axios-procore:')} ${message}${help}`, isColored)}\n`);
  }
  return exitCode;
}

/** The code of an error of the package (`ERR_PROCORE_…`), else one by the exit code. */
function codeIn(error: unknown, exitCode: number): string {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'string' && code.startsWith('ERR_PROCORE_')) return code;
  if (exitCode === exitCodes.wrongUse) return 'ERR_USAGE';
  return exitCode > exitCodes.wrongUse ? 'ERR_INTERRUPTED' : 'ERR_FAILED';
}

function codeOfSignal({ interrupted: { reason } }: Io): number {
  return typeof reason === 'number' ? reason : exitCodes.interrupted;
}
