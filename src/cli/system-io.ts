import axios from 'axios';
import { systemEnv } from '../time/env.js';
import type { Io } from './io.js';
import { createSpinner, openBrowser } from './libraries.js';

/** The signals that ask a program to end, with the exit code that shells have for each. */
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** The process as a command sees it. */
export function systemIo(version: string, { isJson }: { isJson: boolean }): Io {
  const interruption = new AbortController();
  for (const [name, code] of Object.entries(signals))
    process.on(name, () => {
      if (interruption.signal.aborted) return;
      interruption.abort(code);
    });
  // A pipe that nobody reads, a full disk or a terminal that was closed must not end the process in the middle of a renewal.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const isTerminal = {
    input: Boolean(process.stdin.isTTY),
    output: Boolean(process.stdout.isTTY),
    errors: Boolean(process.stderr.isTTY),
  };
  return {
    environment: process.env,
    platform: process.platform,
    version,
    env: systemEnv,
    isTerminal,
    input: process.stdin,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    waiting(text) {
      if (!isTerminal.errors || isJson) return () => undefined;
      // Ctrl-C is for the command, which may be in the middle of saving tokens.
      const spinner = createSpinner({ text, stream: process.stderr, handleSignals: false }).start();
      return () => void spinner.stop();
    },
    async open(url) {
      // Over SSH, and on Linux without a display, a browser would open for nobody, or not at all.
      const { SSH_CONNECTION, DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME } = process.env;
      const hasDisplay = process.platform !== 'linux' || DISPLAY || WAYLAND_DISPLAY || WSL_DISTRO_NAME;
      if (SSH_CONNECTION || !hasDisplay) throw new Error('there is no browser here');
      await openBrowser(url);
    },
    createInstance: () => axios.create(),
    interrupted: interruption.signal,
  };
}
