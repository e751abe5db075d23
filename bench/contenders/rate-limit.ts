import rateLimit from 'axios-rate-limit';
import type { Contender } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const rateLimited: Contender = {
  name: 'axios-rate-limit',
  setUp:
    '`rateLimit(instance, { maxRequests, perMilliseconds })` with the limit of the server, and the bearer by hand.',
  renews: false,
  retries: false,
  paces: true,
  isAxios: true,
  connect(world) {
    const instance = instanceFor(world);
    instance.defaults.headers.common['Authorization'] = `Bearer ${world.tokens.access_token}`;
    return clientOf(rateLimit(instance, world.limit));
  },
};
