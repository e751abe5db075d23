import type { Connect } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const connect: Connect = (world) => {
  const instance = instanceFor(world);
  instance.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${world.tokens.access_token}`);
    return config;
  });
  return clientOf(instance);
};
