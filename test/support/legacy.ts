import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import type { TokenSet } from '../../src/store/store.js';
import { subjectOf } from '../../src/wire/jwt.js';
import type { Harness } from './harness.js';

/** The application's own refreshes are answered by the plugin. */
export const takingOver = { legacy: { takeOverRefresh: true } };

/** The form of a refresh, as older code writes it. */
export function refreshForm(h: Harness, refreshToken: string): URLSearchParams {
  return new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: h.emulator.clientId,
    client_secret: h.emulator.clientSecret,
    refresh_token: refreshToken,
  });
}

/** The application refreshes by itself. */
export function refresh(
  h: Harness,
  refreshToken: string,
  config: AxiosRequestConfig = {},
  instance: AxiosInstance = h.instance,
): Promise<AxiosResponse<TokenSet>> {
  return instance.post('/oauth/token', refreshForm(h, refreshToken), config);
}

/** Whose tokens an answer brought (the JWT's `sub`), or what it failed with. */
export function userOf(answer: Promise<AxiosResponse<TokenSet>>): Promise<string> {
  return answer.then(
    ({ data }) => `user ${subjectOf(data.access_token) ?? 'unknown'}`,
    (error: { response?: AxiosResponse<{ error?: string }> }) => error.response?.data.error ?? 'failed',
  );
}

/** A person has been through the browser, and the application exchanges the code. */
export function logIn(h: Harness, userId: number): Promise<AxiosResponse<TokenSet>> {
  const form = { grant_type: 'authorization_code', client_id: h.emulator.clientId, code: 'a-code' };
  const body = h.emulator.issue({ userId });
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 200, body } });
  return h.instance.post('/oauth/token', new URLSearchParams(form));
}
