import { isAxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { Connect } from '../../../../bench/contenders/contender.js';
import { clientOf, instanceFor } from '../../../../bench/contenders/instance.js';
import { refresh } from '../../../../bench/contenders/refresh.js';

/** An application's own interceptors, as good as they are usually written: one refresh for all calls that wait, and one more try for each. */
export const connect: Connect = (world) => {
  const instance = instanceFor(world);
  let tokens = world.tokens;
  let refreshing: Promise<void> | undefined;
  instance.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${tokens.access_token}`);
    return config;
  });
  instance.interceptors.response.use(undefined, async (error: unknown) => {
    if (!isAxiosError(error) || error.response?.status !== 401) throw error;
    const config = error.config as InternalAxiosRequestConfig & { isSentAgain?: boolean };
    if (config.isSentAgain) throw error;
    config.isSentAgain = true;
    refreshing ??= refresh(world, tokens.refresh_token)
      .then((pair) => void (tokens = pair))
      .finally(() => (refreshing = undefined));
    await refreshing;
    return instance.request(config);
  });
  return clientOf(instance);
};
