import type { Contender } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const bearer: Contender = {
  name: 'hand-written bearer',
  setUp: 'A request interceptor of three lines that sets `Authorization` from a variable.',
  renews: false,
  retries: false,
  paces: false,
  isAxios: true,
  connect(world) {
    const instance = instanceFor(world);
    instance.interceptors.request.use((config) => {
      config.headers.set('Authorization', `Bearer ${world.tokens.access_token}`);
      return config;
    });
    return clientOf(instance);
  },
};
