import { randomUUID } from 'node:crypto';
import { createListeners } from '../listeners.js';
import { parseMessage, untilFinished, type Message } from '../messages.js';
import type { RenewalNotices } from '../store.js';
import type { RunScript } from './client.js';
import { keysOf } from './keys.js';
import type { Subscriber } from './subscriber.js';

/**
 * The name of a key as the server sees it, with the prefix that a client may put before its keys. The channel is called so, because others
 * on the same server may use the same names after another prefix. KEYS: the key.
 */
const nameScript = `
return KEYS[1]
`;
/**
 * Counts the connections that listen to a channel, and publishes a message to them. KEYS: the channel, as if it were a key, which also says to
 * which node of a cluster the script goes. ARGV: to publish, the command and the message.
 *
 * What PUBLISH returns counts those as well who listen to every channel to look on.
 */
const publishScript = (numsub: string) => `
local listening = redis.call('PUBSUB', '${numsub}', KEYS[1])[2]
if ARGV[1] and listening > 0 then
  redis.call(ARGV[1], KEYS[1], ARGV[2])
end
return listening
`;
/** Notes that the calls of one listener have finished. KEYS: the set. ARGV: the listener, and for how long the set is kept in milliseconds. */
const finishedScript = `
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'noted'
`;
/** Counts them. KEYS: the set. */
const countScript = `
return redis.call('SCARD', KEYS[1])
`;
const keptMs = 60_000;

/** Creates the notices of a Redis store: messages on one channel, and for each renewal a set of those whose calls have finished. */
export function createRedisNotices(run: RunScript, subscriber: Subscriber, prefix: string): RenewalNotices {
  const from = randomUUID();
  const { isSharded } = subscriber;
  const script = publishScript(isSharded ? 'SHARDNUMSUB' : 'NUMSUB');
  const key = async () => `${prefix}{notices}:${await subscriber.database()}`;
  const channel = async () => String(await run(nameScript, [await key()]));
  const finishedKey = (id: string, account: string) => `${keysOf(prefix, account).lock}:finished:${id}`;
  const listeners = createListeners(() => subscriber.subscribe(channel, (text) => void hear(text)));

  async function hear(text: string): Promise<void> {
    const message = parseMessage(text);
    if (!message) return;
    const { id, account } = message;
    if (message.kind === 'over') return listeners.over(id);
    // The own message is among those that the server has counted.
    if (message.from !== from) await listeners.begun(id, account);
    // A process that is not told waits for its whole time, and no longer.
    await run(finishedScript, [finishedKey(id, account)], [from, String(keptMs)]).catch(() => undefined);
  }

  /** Resolves with how many connections have got the message, or would get one. */
  async function publish(message?: Message): Promise<number> {
    const words = message ? [isSharded ? 'SPUBLISH' : 'PUBLISH', JSON.stringify(message)] : [];
    return Number(await run(script, [await key()], words));
  }

  return {
    listen: listeners.listen,

    async announce(account, maxMs, signal) {
      const id = randomUUID();
      const listening = await publish({ from, id, account, kind: 'begins' });
      if (!(listening > 0)) return undefined;
      return {
        finished: untilFinished(
          async () => Number(await run(countScript, [finishedKey(id, account)])),
          listening,
          maxMs,
          signal,
        ),
        over: async () => void (await publish({ from, id, account, kind: 'over' })),
      };
    },

    isHeard: async () => (await publish()) > 0,
  };
}
