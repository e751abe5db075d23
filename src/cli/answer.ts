import type { Paint } from './colors.js';

/** What a command has to say in the end, for programs and for people. */
export interface Answer {
  /** False: what was asked about is not as it should be, and the exit code is 1. @default true */
  readonly isGood?: boolean;
  /** The fields of the JSON document. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly lines: (paint: Paint) => readonly string[];
  /** What the command waits for after it has said this. */
  readonly until?: Promise<void>;
}

/** The exit codes. Ctrl-C is 128 + 2, as shells have it, SIGTERM 128 + 15, SIGHUP 128 + 1. */
export const exitCodes = { fine: 0, failed: 1, wrongUse: 2, interrupted: 130 } as const;

/** A failure with a message for people: one sentence or two, without the name of the command. */
export class CommandError extends Error {
  readonly exitCode: number = exitCodes.failed;
  /** A part of the message that may be as long as a secret, and is none: a path. */
  readonly shown: string;

  constructor(message: string, { shown = '', cause }: { shown?: string; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.shown = shown;
  }
}

/** The command was called in a wrong way, or its settings are wrong. */
export class UsageError extends CommandError {
  override readonly exitCode: number = exitCodes.wrongUse;
}

/** Ctrl-C, before there was anything that had to be ended properly. */
export class Interrupted extends CommandError {
  override readonly exitCode: number;

  constructor({ reason }: AbortSignal, message = 'Ended before it was done. Nothing was changed.') {
    super(message);
    this.exitCode = typeof reason === 'number' ? reason : exitCodes.interrupted;
  }
}
