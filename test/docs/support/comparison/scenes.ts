import type { Client, Connect } from '../../../../bench/contenders/contender.js';
import type { Contender as Known } from '../../../../bench/contenders/index.js';
import type { Emulator } from '../../../../src/emulator/index.js';
import { within, withOtherHost, type Place } from './place.js';

/** Questions about one contender, as the rows of the table have them, with its answers. */
export type Answers = Readonly<Record<string, string>>;

type Contender = Pick<Known, 'isAxios' | 'renews'>;

const read = (client: Client) => client.get('/rest/v1.0/projects');
/** A dash stands for who makes no token requests at all. */
const tokenRequests = ({ counters }: Emulator, { renews }: Contender) =>
  renews ? String(counters.tokenRequests) : '–';
const rejected = () => undefined;
const succeeded = async (calls: Promise<unknown>[]) =>
  (await Promise.allSettled(calls)).filter(({ status }) => status === 'fulfilled').length;

/** So many calls at once that meet the end of their token. Every 401 arrives before the first token request is answered. */
async function herd({ emulator, client, settled }: Place, { isAxios }: Contender): Promise<number> {
  const calls = 20;
  const token = emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hold' } });
  const all = succeeded(Array.from({ length: calls }, () => read(client)));
  // What is no axios is not seen by its adapter: it makes a token request for each call.
  await (isAxios ? settled() : token.struck(calls));
  token.remove();
  token.release();
  return all;
}

const expired = (connect: Connect, contender: Contender): Promise<Answers> =>
  within(connect, { expired: true }, async (place) => {
    const calls = await herd(place, contender);
    return {
      '20 calls at once when the access token has expired: succeed': String(calls),
      'token requests for these': tokenRequests(place.emulator, contender),
    };
  });

const endedEarly = (connect: Connect, contender: Contender): Promise<Answers> =>
  within(connect, {}, async (place) => {
    place.emulator.expire();
    return {
      '20 calls at once when Procore has ended it early: succeed': String(await herd(place, contender)),
    };
  });

const notFound = (connect: Connect, contender: Contender): Promise<Answers> =>
  within(connect, {}, async ({ emulator, client }) => {
    await client.get('/rest/v1.0/nothing').catch(rejected);
    return { 'token requests when a call gets a 404': tokenRequests(emulator, contender) };
  });

/**
 * What the answer to the first call tells of the limit may be used for the others. Who waits for the next window is not waited for: it begins
 * in an hour, so that it does not begin on a slow machine either.
 */
const limited = (connect: Connect, { isAxios }: Contender): Promise<Answers> => {
  const [calls, limit, windowSeconds] = [15, 6, 3_600];
  return within(
    connect,
    {
      rateLimits: { spike: { limit, windowSeconds } },
      told: { maxRequests: limit, perMilliseconds: windowSeconds * 1000 },
    },
    async ({ emulator, client, settled }) => {
      const token = emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hold' } });
      await read(client);
      void succeeded(Array.from({ length: calls }, () => read(client)));
      if (isAxios) await settled(() => emulator.counters.apiRequests >= limit);
      else await token.struck(1 + calls - limit);
      const turnedAway = String(emulator.counters.byStatus[429] ?? 0);
      return { '15 calls at once where a limit allows 5 more: turned away by a 429': turnedAway };
    },
  );
};

const toldToWait = (connect: Connect): Promise<Answers> =>
  within(connect, {}, async ({ emulator, client }) => {
    let calls = 0;
    for (const status of [429, 503]) {
      emulator.misbehave({ on: 'api', do: { kind: 'answer', status, headers: { 'Retry-After': '1' } } });
      calls += await succeeded([read(client)]);
    }
    return { 'a GET that gets one 429 or 503 with `Retry-After` succeeds': calls === 2 ? 'yes' : 'no' };
  });

const lostAnswer = (connect: Connect): Promise<Answers> =>
  within(connect, {}, async ({ emulator, client }) => {
    emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
    await client.post('/rest/v1.0/projects/1/rfis', { rfi: { subject: 'Which bolt?' } }).catch(rejected);
    const written = emulator.log.filter(({ wrote }) => wrote).length;
    return { 'records that a POST writes whose answer is lost': String(written) };
  });

const revoked = (connect: Connect, contender: Contender): Promise<Answers> =>
  within(connect, { expired: true }, async ({ emulator, client, tokens }) => {
    emulator.revokeGrant(tokens.access_token);
    for (let call = 0; call < 3; call++) await read(client).catch(rejected);
    return {
      'token requests of 3 calls after the user has revoked the grant': tokenRequests(emulator, contender),
    };
  });

const elsewhere = (connect: Connect): Promise<Answers> =>
  within(connect, {}, ({ client }) =>
    withOtherHost(async (url, bearers) => {
      await client.get(url).catch(rejected);
      return { 'a call to another host brings the token there': bearers.some(Boolean) ? 'yes' : 'no' };
    }),
  );

/** In the order of the rows. */
const scenes = [expired, endedEarly, notFound, limited, toldToWait, lostAnswer, revoked, elsewhere];

/** The answers of one contender. */
export async function answersOf(connect: Connect, contender: Contender): Promise<Answers> {
  const answers = await Promise.all(scenes.map((scene) => scene(connect, contender)));
  return Object.assign({}, ...answers) as Answers;
}
