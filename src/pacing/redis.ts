/**
 * One rate limit for several processes, by way of Redis. `docs/pacing.md` explains it.
 *
 * @module axios-procore/pacing/redis
 */

import { hashedScriptRunner, textOf, type RedisClient } from '../store/redis/client.js';
import { defaultPrefix, prefixField, runnerOn } from '../store/redis/given.js';
import { wrongOptions, type Field } from '../text/fields.js';
import { keysOf } from './redis/keys.js';
import { createRepeats } from './redis/repeats.js';
import { parseReply } from './redis/reply.js';
import { pacingScript } from './redis/script.js';
import type { Reply, SharedPacing } from './shared/exchange.js';

export type { IoredisClient, NodeRedisClient, RedisClient } from '../store/redis/client.js';
export type { Question, Reply, SharedPacing, ToldLimit, ToldRefusal } from './shared/exchange.js';

/** Options of {@link redisPacing}. */
export interface RedisPacingOptions {
  /**
   * The prefix of all keys; any text without braces. Processes that share a limit need the same one.
   * @default 'axios-procore:'
   */
  prefix?: string | undefined;
}

const fields: Record<keyof RedisPacingOptions, Field> = { prefix: prefixField };

/**
 * Lets all processes that use the same Redis pace together, for the option `rateLimit.shared`. `client` is a connected client of `ioredis`
 * or `redis`; the package imports neither.
 *
 * @throws TypeError for a client or an option that cannot be used.
 * @example
 * const shared = redisPacing(new Redis(process.env.REDIS_URL!));
 * attachProcore(instance, { clientId, clientSecret, store, rateLimit: { shared } });
 */
export function redisPacing(client: RedisClient, options: RedisPacingOptions = {}): SharedPacing {
  const run = runnerOn(client, 'redisPacing', hashedScriptRunner);
  const wrong = wrongOptions('redisPacing', options, '{ prefix }', { known: fields });
  if (wrong !== undefined) throw new TypeError(wrong);
  const { prefix = defaultPrefix } = options;
  const sendOrJoin = createRepeats<Reply>();

  async function send(keys: readonly string[], question: string): Promise<Reply> {
    let answer: unknown;
    try {
      answer = await run(pacingScript, keys, [question]);
    } catch (error) {
      throw isOfValue(error) ? unusable(keys) : error;
    }
    const reply = parseReply(textOf(answer));
    if (!reply) throw unusable(keys);
    return reply;
  }

  return {
    ask(scope, question) {
      const keys = keysOf(prefix, scope);
      return sendOrJoin(`${keys[0]} ${question.member} ${question.number}`, () =>
        send(keys, JSON.stringify(question)),
      );
    },
  };
}

/** Whether the script has failed at what is stored: a key of another type, or a text that is not what it writes. */
function isOfValue(error: unknown): boolean {
  return error instanceof Error && /WRONGTYPE|FOREIGN|attempt to |bad argument/.test(error.message);
}

function unusable(keys: readonly string[]): Error {
  return new Error(
    `The Redis keys ${keys.join(', ')} cannot be used: one of them holds something else than what redisPacing keeps there. ` +
      'They are left as they are: delete them, or choose another prefix.',
  );
}
