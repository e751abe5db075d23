/** Makes calls that have nothing to wait for, by one contender, on a stub adapter or on a server. */
import type { Connect } from '../contenders/contender.js';
import { contenderOf } from '../contenders/index.js';
import { answerParent } from '../support/answer-parent.js';
import { callFor } from '../support/lanes.js';
import { createSockets } from '../support/sockets.js';
import { answerAtOnce } from '../support/stub.js';
import { tokensOf } from '../support/tokens.js';

let call: () => Promise<unknown>;

/** The package itself, paced together with other processes by this Redis. */
async function pacedBy(redisUrl: string): Promise<Connect> {
  const { Redis } = await import('ioredis');
  const { redisPacing } = await import('axios-procore/pacing/redis');
  const { connectWith } = await import('../contenders/procore.js');
  return connectWith(redisPacing(new Redis(redisUrl), { prefix: 'bench-overhead:' }));
}

const tasks = {
  /** Without an origin, an adapter stands in for the network. */
  async connect({
    name,
    origin,
    redisUrl,
  }: {
    name: string;
    origin?: string | undefined;
    redisUrl?: string | undefined;
  }) {
    const connect = redisUrl ? await pacedBy(redisUrl) : await contenderOf(name).load();
    const client = connect({
      origin: origin ?? 'https://api.example.com',
      clientId: 'client',
      clientSecret: 'secret',
      tokens: tokensOf('user'),
      transport: origin ? { httpAgent: createSockets() } : { adapter: answerAtOnce },
      // Far away: nothing is to wait for it.
      limit: { maxRequests: 1_000_000_000, perMilliseconds: 1000 },
    });
    call = () => client.get('/rest/v1.0/me');
    await call();
  },
  /** So many calls, whatever time they take: the engine compiles by how often something is called. */
  async warmUp({ calls, lanes }: { calls: number; lanes: number }) {
    const lane = async () => {
      for (let each = 0; each < calls / lanes; each++) await call();
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  },
  run: ({ ms, lanes }: { ms: number; lanes: number }) => callFor(ms, lanes, call),
};
export type StraightCalls = typeof tasks;
answerParent(tasks);
