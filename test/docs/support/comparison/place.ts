import axios, { type AxiosAdapter } from 'axios';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Client, Connect, World } from '../../../../bench/contenders/contender.js';
import type { TokenSet } from '../../../../src/index.js';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../../../src/emulator/index.js';

/** One contender that is ready for calls, on an emulator of its own. */
export interface Place {
  readonly emulator: Emulator;
  readonly client: Client;
  /** The pair that the user has at first. */
  readonly tokens: TokenSet;
  /** Resolves when every call that was sent so far has its answer, who made it has had time to react, and this is so. */
  settled(isSo?: () => boolean): Promise<void>;
}

interface Settings extends Omit<EmulatorOptions, 'now'> {
  /** Whether the access token has expired two hours ago. */
  readonly expired?: boolean;
  /** What a contender is told of the limit that has to be told. */
  readonly told?: World['limit'];
}

const unlimited = { maxRequests: 1_000_000, perMilliseconds: 1000 };

export async function within<T>(
  connect: Connect,
  { expired = false, told: limit = unlimited, ...options }: Settings,
  act: (place: Place) => Promise<T>,
): Promise<T> {
  let behindMs = expired ? 2 * 60 * 60_000 : 0;
  // @procore/js-sdk sends the fields of a token request as JSON.
  const emulator = await startEmulator({
    ...options,
    tokenFields: 'anywhere',
    now: () => Date.now() - behindMs,
  });
  try {
    const tokens = emulator.issue();
    behindMs = 0;
    const { adapter, settled } = countingAdapter();
    const { url: origin, clientId, clientSecret } = emulator;
    const client = connect({ origin, clientId, clientSecret, tokens, limit, transport: { adapter } });
    return await act({ emulator, client, tokens, settled });
  } finally {
    await emulator.close();
  }
}

/** The adapter of axios for Node, which counts the calls of the API that are under way. */
function countingAdapter() {
  const http = axios.getAdapter('http');
  let underWay = 0;
  const adapter: AxiosAdapter = async (config) => {
    if (config.url?.includes('/oauth/')) return http(config);
    underWay++;
    try {
      return await http(config);
    } finally {
      underWay--;
    }
  };
  return {
    adapter,
    async settled(isSo = () => true) {
      do await nextTurn();
      while (underWay > 0 || !isSo());
      // Interceptors run in microtasks.
      await nextTurn();
    },
  };
}

/** A server that is not Procore's: which `Authorization` headers have reached it. */
export async function withOtherHost<T>(
  act: (url: string, bearers: readonly (string | undefined)[]) => Promise<T>,
): Promise<T> {
  const bearers: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    bearers.push(request.headers.authorization);
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await act(`http://127.0.0.1:${(server.address() as AddressInfo).port}/file`, bearers);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
