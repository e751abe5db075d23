import { attachProcore, memoryTokenStore } from 'axios-procore';
import type { Contender } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const procore: Contender = {
  name: 'axios-procore',
  setUp:
    '`attachProcore(instance, { clientId, clientSecret, environment, store: memoryTokenStore(tokens) })`.',
  renews: true,
  retries: true,
  paces: true,
  isAxios: true,
  connect(world) {
    const instance = instanceFor(world);
    attachProcore(instance, {
      clientId: world.clientId,
      clientSecret: world.clientSecret,
      environment: { loginUrl: world.origin, apiUrl: world.origin },
      store: memoryTokenStore(world.tokens),
    });
    return clientOf(instance);
  },
};
