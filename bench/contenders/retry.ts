import axiosRetry from 'axios-retry';
import type { Connect } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const connect: Connect = (world) => {
  const instance = instanceFor(world);
  instance.defaults.headers.common['Authorization'] = `Bearer ${world.tokens.access_token}`;
  axiosRetry(instance, { retries: 4, retryDelay: axiosRetry.exponentialDelay });
  return clientOf(instance);
};
