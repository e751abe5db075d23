/** One of several processes that share a user's tokens, and perhaps a limit, in one Redis. */
import { Redis } from 'ioredis';
import { attachProcore, type Procore, type ProcoreOptions, type SharedPacing } from 'axios-procore';
import { redisPacing } from 'axios-procore/pacing/redis';
import { redisTokenStore } from 'axios-procore/stores/redis';
import type { Client } from '../contenders/contender.js';
import { clientOf, instanceFor } from '../contenders/instance.js';
import { answerParent } from '../support/answer-parent.js';
import { record, type Calls } from '../support/calls.js';
import { createSockets } from '../support/sockets.js';

interface Place {
  readonly redisUrl: string;
  /** Of the keys in Redis. */
  readonly prefix: string;
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

let client: Client;
let procore: Procore;
let questions = 0;

/** The same, and each question is counted. */
function counted(shared: SharedPacing): SharedPacing {
  return {
    ask(scope, question) {
      questions++;
      return shared.ask(scope, question);
    },
  };
}

const read = () => client.get('/rest/v1.0/me');

const tasks = {
  async connect({
    isPacedTogether,
    drain,
    ...place
  }: Place & { isPacedTogether: boolean; drain?: boolean | undefined }) {
    const { redisUrl, prefix, origin, clientId, clientSecret } = place;
    const redis = new Redis(redisUrl);
    const options: ProcoreOptions = {
      clientId,
      clientSecret,
      environment: { loginUrl: origin, apiUrl: origin },
      store: redisTokenStore(redis, { prefix }),
      renewal: { drain },
      // A call at the end of the queue waits for all windows.
      maxWaitMs: 3_600_000,
      rateLimit: isPacedTogether ? { shared: counted(redisPacing(redis, { prefix })) } : {},
    };
    const limit = { maxRequests: 1_000_000_000, perMilliseconds: 1000 };
    const instance = instanceFor({
      ...{ origin, clientId, clientSecret, tokens: { access_token: '' }, limit },
      transport: { httpAgent: createSockets() },
    });
    procore = attachProcore(instance, options);
    client = clientOf(instance);
    await redis.ping();
  },
  burst: ({ calls }: { calls: number }): Promise<Calls> =>
    record((begin) => {
      for (let call = 0; call < calls; call++) begin(read);
    }),
  /** Calls one after another in each of so many lanes, until the time is up or so many have been made. */
  load: ({ lanes, ms = Infinity, calls = Infinity }: { lanes: number; ms?: number; calls?: number }) =>
    record(async (begin) => {
      const untilMs = performance.now() + ms;
      let begun = 0;
      const lane = async () => {
        while (performance.now() < untilMs && begun < calls) {
          begun++;
          await new Promise<void>((resolve) =>
            begin(async () => {
              try {
                await read();
              } finally {
                resolve();
              }
            }),
          );
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
    }),
  renew: () => procore.renew().then(() => undefined),
  /** How often the process has asked Redis about its pace. */
  questions: () => questions,
};
export type SharingMember = typeof tasks;
answerParent(tasks);
