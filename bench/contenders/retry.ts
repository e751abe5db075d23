import axiosRetry from 'axios-retry';
import type { Contender } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const retry: Contender = {
  name: 'axios-retry',
  setUp:
    '`axiosRetry(instance, { retries: 4, retryDelay: axiosRetry.exponentialDelay })`, and the bearer by hand.',
  renews: false,
  retries: true,
  paces: false,
  isAxios: true,
  connect(world) {
    const instance = instanceFor(world);
    instance.defaults.headers.common['Authorization'] = `Bearer ${world.tokens.access_token}`;
    axiosRetry(instance, { retries: 4, retryDelay: axiosRetry.exponentialDelay });
    return clientOf(instance);
  },
};
