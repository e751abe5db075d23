/** One of several processes that share a user's tokens in one folder. */
import { attachProcore } from 'axios-procore';
import { fileTokenStore } from 'axios-procore/stores/file';
import type { World } from '../contenders/contender.js';
import { clientOf, instanceFor } from '../contenders/instance.js';
import type { Client } from '../contenders/contender.js';
import { answerParent } from '../support/answer-parent.js';
import { record, type Calls } from '../support/calls.js';
import { createSockets } from '../support/sockets.js';

let client: Client;

const tasks = {
  connect({ directory, ...place }: { directory: string } & Omit<World, 'transport'>) {
    const instance = instanceFor({ ...place, transport: { httpAgent: createSockets() } });
    attachProcore(instance, {
      clientId: place.clientId,
      clientSecret: place.clientSecret,
      environment: { loginUrl: place.origin, apiUrl: place.origin },
      store: fileTokenStore({ directory }),
    });
    client = clientOf(instance);
  },
  burst: ({ calls }: { calls: number }): Promise<Calls> =>
    record((begin) => {
      for (let call = 0; call < calls; call++) begin(() => client.get('/rest/v1.0/me'));
    }),
};
export type FleetMember = typeof tasks;
answerParent(tasks);
