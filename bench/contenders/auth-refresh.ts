import { createAuthRefresh } from 'axios-auth-refresh';
import axiosRetry from 'axios-retry';
import type { Connect } from './contender.js';
import { clientOf, instanceFor } from './instance.js';
import { refresh } from './refresh.js';

interface FailedRequest {
  response: { config: { headers: Record<string, string> } };
}

export const connect: Connect = (world) => {
  const instance = instanceFor(world);
  let tokens = world.tokens;
  // It has the types of axios's CommonJS build.
  createAuthRefresh(instance as never, async (failed: FailedRequest) => {
    tokens = await refresh(world, tokens.refresh_token);
    failed.response.config.headers['Authorization'] = `Bearer ${tokens.access_token}`;
  });
  instance.interceptors.request.use((config) => {
    config.headers['Authorization'] = `Bearer ${tokens.access_token}`;
    return config;
  });
  axiosRetry(instance, { retries: 4, retryDelay: axiosRetry.exponentialDelay });
  return clientOf(instance);
};
