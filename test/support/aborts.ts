import axios, { type AxiosRequestConfig } from 'axios';

/** A way to abort a call: what it is made with, and how it is ended. */
export type Way = readonly [name: string, make: () => { config: AxiosRequestConfig; abort: () => void }];

/** The ways that applications abort calls. */
export const ways: readonly Way[] = [
  [
    'signal',
    () => {
      const controller = new AbortController();
      return { config: { signal: controller.signal }, abort: () => controller.abort() };
    },
  ],
  [
    'CancelToken',
    () => {
      const source = axios.CancelToken.source();
      return { config: { cancelToken: source.token }, abort: () => source.cancel('the user left') };
    },
  ],
  [
    'signal beside a CancelToken',
    () => {
      const controller = new AbortController();
      const { token } = axios.CancelToken.source();
      return { config: { signal: controller.signal, cancelToken: token }, abort: () => controller.abort() };
    },
  ],
];
