import type { AxiosRequestConfig } from 'axios';
import { fieldsOfRequest } from './request-fields.js';

/** A token request that the application makes by itself (RFC 6749, sections 4.1.3, 4.4.2 and 6). */
export type LegacyTokenRequest =
  | { readonly grant: 'refresh_token'; readonly refreshToken: string; readonly clientId: string | undefined }
  | { readonly grant: 'authorization_code' | 'client_credentials'; readonly clientId: string | undefined };

/** Reads one, wherever its fields were put: a form of either kind, JSON or query string. Undefined: it is none, or of another grant. */
export function legacyTokenRequest(config: AxiosRequestConfig, url: string): LegacyTokenRequest | undefined {
  const fields = fieldsOfRequest(config, url, 'token');
  if (!fields) return undefined;
  const { field, clientId } = fields;
  const grant = field('grant_type');
  if (grant === 'authorization_code' || grant === 'client_credentials') return { grant, clientId };
  const refreshToken = field('refresh_token');
  return grant === 'refresh_token' && refreshToken ? { grant, refreshToken, clientId } : undefined;
}
