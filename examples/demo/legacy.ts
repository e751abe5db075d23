import axios, { isAxiosError, type AxiosInstance } from 'axios';

/** What the application's own error interceptor has written down. */
export type ErrorLog = string[];

/**
 * An application's axios instance as it has been for years, before the plugin is attached: its interceptors mark each call, unwrap
 * `response.data`, and log errors in their own way. The plugin changes none of it.
 */
export function createLegacyInstance(baseURL: string): { instance: AxiosInstance; errorLog: ErrorLog } {
  const errorLog: ErrorLog = [];
  const instance = axios.create({ baseURL, proxy: false });
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
