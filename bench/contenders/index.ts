import { authRefresh } from './auth-refresh.js';
import { bare } from './bare.js';
import { bearer } from './bearer.js';
import type { Contender } from './contender.js';
import { jsSdk } from './js-sdk.js';
import { procore } from './procore.js';
import { rateLimited } from './rate-limit.js';
import { retry } from './retry.js';
import { tokenInterceptor } from './token-interceptor.js';

/** In the order of the tables. */
export const contenders: readonly Contender[] = [
  bare,
  bearer,
  retry,
  authRefresh,
  tokenInterceptor,
  rateLimited,
  jsSdk,
  procore,
];

export function contenderOf(name: string): Contender {
  const found = contenders.find((contender) => contender.name === name);
  if (!found) throw new Error(`There is no contender ${name}.`);
  return found;
}
