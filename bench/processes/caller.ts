/** Makes the calls of a trial, by one contender. */
import type { Client, World } from '../contenders/contender.js';
import { contenderOf } from '../contenders/index.js';
import { answerParent } from '../support/answer-parent.js';
import { record, type Calls } from '../support/calls.js';
import { createSockets } from '../support/sockets.js';

let client: Client;

const read = () => client.get('/rest/v1.0/projects');
/** A write that nobody else makes: a second one of it has been sent twice. */
const write = (call: number) =>
  client.post('/rest/v1.0/projects/1/rfis', { rfi: { subject: `Question ${process.pid}-${call}` } });
const readOrWrite = (call: number) => (call % 2 ? read() : write(call));
const kinds = { read, write, readOrWrite };

const tasks = {
  /** Answers once the process has started. */
  ready: () => undefined,
  async connect({ name, ...world }: { name: string } & Omit<World, 'transport'>) {
    const connect = await contenderOf(name).load();
    client = connect({ ...world, transport: { httpAgent: createSockets() } });
  },
  /** So many calls at once. */
  burst: ({ calls, kind }: { calls: number; kind: keyof typeof kinds }): Promise<Calls> =>
    record((begin) => {
      for (let call = 0; call < calls; call++) begin(() => kinds[kind](call));
    }),
  /** Calls at a steady pace, whether or not those before have been answered. */
  steady: ({ ms, perSecond }: { ms: number; perSecond: number }): Promise<Calls> =>
    record(
      (begin) =>
        new Promise((resolve) => {
          const startedAt = performance.now();
          let begun = 0;
          const beginAllDue = () => {
            const now = performance.now();
            // From when a call was due, so that a pause of this process counts as well.
            for (; begun < ((now - startedAt) * perSecond) / 1000; begun++)
              begin(read, startedAt + (begun * 1000) / perSecond);
            if (now - startedAt < ms) setTimeout(beginAllDue, 5);
            else resolve();
          };
          beginAllDue();
        }),
    ),
};
export type Caller = typeof tasks;
answerParent(tasks);
