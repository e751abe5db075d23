import type { AxiosRequestConfig } from 'axios';
import { fieldsOfRequest } from './request-fields.js';

/** A token request of the application's own code (RFC 6749, sections 4.1.3, 4.4.2 and 6). */
export type LegacyTokenRequest =
  | { readonly grant: 'refresh_token'; readonly refreshToken: string; readonly clientId: string | undefined }
  | { readonly grant: 'authorization_code' | 'client_credentials'; readonly clientId: string | undefined };

/** Reads a token request from an axios configuration; undefined for any other request, and for other grants. */
export function legacyTokenRequest(config: AxiosRequestConfig, url: string): LegacyTokenRequest | undefined {
  const fields = fieldsOfRequest(config, url, 'token');
  if (!fields) return undefined;
  const { field, clientId } = fields;
  const grant = field('grant_type');
  if (grant === 'authorization_code' || grant === 'client_credentials') return { grant, clientId };
  const refreshToken = field('refresh_token');
  return grant === 'refresh_token' && refreshToken ? { grant, refreshToken, clientId } : undefined;
}
