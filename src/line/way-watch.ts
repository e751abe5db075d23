import type { AxiosRequestConfig } from 'axios';

/** The warnings about the way that calls take. */
export interface WayWarnings {
  /** Warns where a call would go to a proxy that reads it. */
  warnOfProxy: (config: AxiosRequestConfig) => void;
  /** Warns where a call would go to a server whose certificate nobody checks. */
  warnOfTls: (config: AxiosRequestConfig) => void;
}

/**
 * Creates the look at the way of each call. The first call is looked at because interceptors, defaults and the environment may have changed
 * since the attach, and later ones where they bring an agent of their own. `seen` is the configuration without pollution.
 */
export function createWayWatch({
  warnOfProxy,
  warnOfTls,
}: WayWarnings): (config: AxiosRequestConfig, seen: AxiosRequestConfig) => void {
  let isFirst = true;
  let defaultAgent: unknown;
  return (config, seen) => {
    if (isFirst) warnOfProxy(config);
    if (isFirst || seen.httpsAgent !== defaultAgent) warnOfTls(seen);
    if (isFirst) defaultAgent = seen.httpsAgent;
    isFirst = false;
  };
}
