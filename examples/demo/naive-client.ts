import axios, { isAxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import { createLegacyInstance } from './legacy.js';

/** What a client needs to know of the server, and the tokens that it starts with. */
export interface NaiveSettings {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokens: Tokens;
}

/** The part of a token response that such a client keeps. */
interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
}

/** The application's instance without the plugin, and the tokens that it has at the moment. */
export interface NaiveClient {
  readonly instance: AxiosInstance;
  tokens(): Tokens;
}

/**
 * The application without the plugin, as many integrations are written: one interceptor sets the Authorization header, another refreshes
 * after a 401 and sends the call once more. Nothing keeps calls at the same time from presenting the same refresh token, and no answer is
 * read for a limit.
 */
export function createNaiveClient({
  url,
  clientId,
  clientSecret,
  tokens: first,
}: NaiveSettings): NaiveClient {
  let tokens = first;
  const plain = axios.create({ baseURL: url, proxy: false });

  async function refresh(): Promise<void> {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: tokens.refresh_token ?? '',
    });
    tokens = (await plain.post<Tokens>('/oauth/token', form)).data;
  }

  function authorize(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
    config.headers.set('Authorization', `Bearer ${tokens.access_token}`);
    const company = config.procore?.companyId;
    if (company !== undefined) config.headers.set('Procore-Company-Id', String(company));
    return config;
  }

  const { instance } = createLegacyInstance(url, (own) => {
    own.interceptors.request.use(authorize);
    own.interceptors.response.use(undefined, async (error: unknown) => {
      if (!isAxiosError(error) || error.response?.status !== 401 || !error.config) throw error;
      await refresh();
      return plain.request(authorize(error.config));
    });
  });
  return { instance, tokens: () => tokens };
}
