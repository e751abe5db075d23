import type { Field } from '../../text/fields.js';
import { noClient } from '../client-mistakes.js';
import { isCallbackClient, type RedisClient, type RunScript } from './client.js';

/** The option `prefix` of what keeps something in Redis. Braces would be taken for the hash tag of Redis Cluster. */
export const prefixField: Field = [
  (value) => typeof value === 'string' && !/[{}]/.test(value),
  'a text without { and }',
];
/** The prefix of all keys, where the option `prefix` names none. */
export const defaultPrefix = 'axios-procore:';

/**
 * The function that runs scripts on the client that `who` was given, as `runnerOf` makes it.
 *
 * @throws TypeError for what is no client of either library, which says what was given instead.
 */
export function runnerOn(
  client: RedisClient,
  who: string,
  runnerOf: (client: unknown) => RunScript | undefined,
): RunScript {
  const run = runnerOf(client);
  if (run) return run;
  if (isCallbackClient(client))
    throw new TypeError(
      `${who}: client is of redis 3 or older, or in legacy mode, whose commands take callbacks; it takes one of redis 4 or later (without legacyMode) or of ioredis 5 or later.`,
    );
  throw noClient(client, {
    takes: `${who}: client takes a client of ioredis (Redis, Cluster) or of redis (createClient, createClientPool, createCluster, createSentinel)`,
    make: 'new Redis(url) of ioredis, or createClient({ url }) of redis',
    exports: ['createClient', 'Redis'],
    options: ['url', 'host', 'port', 'socket', 'sentinels', 'rootNodes'],
  });
}
