import { attachProcore, memoryTokenStore } from 'axios-procore';
import type { Connect } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const connect: Connect = (world) => {
  const instance = instanceFor(world);
  attachProcore(instance, {
    clientId: world.clientId,
    clientSecret: world.clientSecret,
    environment: { loginUrl: world.origin, apiUrl: world.origin },
    store: memoryTokenStore(world.tokens),
  });
  return clientOf(instance);
};
