import rateLimit from 'axios-rate-limit';
import type { Connect } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const connect: Connect = (world) => {
  const instance = instanceFor(world);
  instance.defaults.headers.common['Authorization'] = `Bearer ${world.tokens.access_token}`;
  return clientOf(rateLimit(instance, world.limit));
};
