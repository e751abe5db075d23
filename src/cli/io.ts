import type { Readable } from 'node:stream';
import type { AxiosInstance } from 'axios';
import type { Env } from '../time/env.js';

/** What a command sees of the world, and what it does to it. */
export interface Io {
  readonly environment: NodeJS.ProcessEnv;
  readonly platform: string;
  readonly version: string;
  readonly env: Env;
  /** Whether somebody sits there: a stream that is no terminal gets no colours and no spinner, and is not asked for input. */
  readonly isTerminal: { readonly input: boolean; readonly output: boolean; readonly errors: boolean };
  readonly input: Readable;
  /** Writes to standard output, which has the results. */
  out(text: string): void;
  /** Writes to standard error, which has what is said meanwhile, and errors. */
  err(text: string): void;
  /** Shows that something is waited for, where somebody sits there; returns what ends that. */
  waiting(text: string): () => void;
  /** Opens a URL in the browser. Rejects where there is none. */
  open(url: string): Promise<void>;
  /** Creates an instance of axios. */
  createInstance(): AxiosInstance;
  /** Aborts at Ctrl-C, with the exit code as its reason. */
  readonly interrupted: AbortSignal;
}
