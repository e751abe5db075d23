import { attachProcore, memoryTokenStore, type SharedPacing } from 'axios-procore';
import type { Connect } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const connect: Connect = (world) => connectWith(undefined)(world);

/** The same, whose calls are paced together with those of other processes. */
export const connectWith =
  (shared: SharedPacing | undefined): Connect =>
  (world) => {
    const instance = instanceFor(world);
    attachProcore(instance, {
      clientId: world.clientId,
      clientSecret: world.clientSecret,
      environment: { loginUrl: world.origin, apiUrl: world.origin },
      store: memoryTokenStore(world.tokens),
      ...(shared && { rateLimit: { shared } }),
    });
    return clientOf(instance);
  };
