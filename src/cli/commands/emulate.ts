import { startEmulator } from '../../emulator/index.js';
import { codeOf } from '../../text/words.js';
import { CommandError, type Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Io } from '../io.js';
import { countOf } from '../words.js';

/** The options of `emulate`. */
export interface EmulateOptions {
  readonly host: string;
  readonly port: number;
  readonly storagePort: number;
  /** Seconds. */
  readonly lifetime: number;
  readonly spike?: number | undefined;
  readonly hourly?: number | undefined;
}

/** Runs the emulator until Ctrl-C, and prints the settings that lead to it. */
export async function emulate(io: Io, _settings: Settings, asked: EmulateOptions): Promise<Answer> {
  const { host, port, storagePort, lifetime, spike, hourly } = asked;
  const emulator = await startEmulator({
    host,
    port,
    storagePort,
    accessTokenLifetimeSeconds: lifetime,
    rateLimits: {
      ...(spike === undefined ? {} : { spike: { limit: spike } }),
      ...(hourly === undefined ? {} : { hourly: { limit: hourly } }),
    },
  }).catch((error: unknown) => {
    const code = codeOf(error);
    throw new CommandError(
      code === 'EADDRINUSE' || code === 'EACCES'
        ? `${portsOf(asked)} on ${host} cannot be listened on (${code}): take another one, or none for a free one`
        : `${host} cannot be listened on (${code}): --host takes a name or an address of this machine, or 0.0.0.0 for all of them`,
    );
  });
  const { url, clientId, clientSecret, environment } = emulator;
  // The secret is the emulator's own, the same everywhere, and opens nothing else.
  const variables = {
    PROCORE_CLIENT_ID: clientId,
    PROCORE_CLIENT_SECRET: clientSecret,
    PROCORE_LOGIN_URL: url,
    PROCORE_API_URL: url,
    ...(environment.allowHttp && { PROCORE_ALLOW_HTTP: 'true' }),
    PROCORE_TOKEN_FILE: './procore-emulator/tokens.json',
  };
  const limits = `${spike === undefined ? 'any number of calls' : countOf(spike, 'call')} in ten seconds, ${hourly ?? 'any number'} in an hour`;
  return {
    data: { url, variables },
    lines: (paint) => [
      `The emulator listens on ${paint.strong(url)}. Its access tokens last ${countOf(lifetime, 'second')}; it takes ${limits}.`,
      'Paste this into another terminal, then run: axios-procore login',
      '',
      ...Object.entries(variables).map(([name, value]) =>
        io.platform === 'win32' ? `$env:${name} = '${value}'` : `export ${name}='${value}'`,
      ),
      '',
      'Ctrl-C ends it.',
    ],
    until: ended(io).then(() => emulator.close()),
  };
}

function portsOf({ port, storagePort }: EmulateOptions): string {
  return storagePort === 0 ? `Port ${port}` : `Port ${port} or ${storagePort}`;
}

function ended({ interrupted }: Io): Promise<void> {
  return new Promise((resolve) => {
    if (interrupted.aborted) return resolve();
    interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
}
