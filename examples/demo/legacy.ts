import axios, { isAxiosError, type AxiosInstance } from 'axios';

/** The log of the application's own error interceptor. */
export type ErrorLog = string[];

/**
 * The axios instance of an existing application, before the plugin is attached. Its interceptors mark each call, unwrap `response.data`,
 * and log errors. The plugin changes none of that. `prepare` adds interceptors that come before these.
 */
export function createLegacyInstance(
  baseURL: string,
  prepare?: (instance: AxiosInstance) => void,
): { instance: AxiosInstance; errorLog: ErrorLog } {
  const errorLog: ErrorLog = [];
  const instance = axios.create({ baseURL, proxy: false });
  prepare?.(instance);
  instance.interceptors.request.use((config) => {
    config.headers.set('X-Sync-Job', 'nightly');
    return config;
  });
  instance.interceptors.response.use(
    (response) => response.data as never,
    (error: unknown) => {
      const what = isAxiosError(error)
        ? `${error.response?.status ?? error.code} ${error.config?.url}`
        : String(error);
      errorLog.push(`[sync] ${what}`);
      throw error;
    },
  );
  return { instance, errorLog };
}
