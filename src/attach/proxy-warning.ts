import type { AxiosRequestConfig } from 'axios';
import type { AxiosCopy } from '../axios/copy.js';
import { proxyLimit } from '../axios/limits.js';
import type { Events } from '../observe/events.js';
import { goesInClear } from '../axios/rehearsal.js';

/** Creates the function that warns, once, where a proxy could read a call with this configuration to one of the origins. */
export function createProxyWarning(
  copy: AxiosCopy,
  origins: readonly string[],
  warnOnce: Events['warnOnce'],
): (config: AxiosRequestConfig) => void {
  return (config) => {
    if (!origins.some((origin) => goesInClear(copy, config.adapter, `${origin}/`, config))) return;
    const { what, here } = proxyLimit;
    warnOnce('axios-version', what, `axios ${copy.version ?? 'of this version'} ${what}; ${here}`);
  };
}
