import type { AxiosRequestConfig } from 'axios';
import { fieldsOfRequest } from './request-fields.js';

/** A revocation that the application makes by itself (RFC 7009, section 2.1). */
export interface LegacyRevocation {
  /** An access or a refresh token. */
  readonly token: string;
  readonly clientId: string | undefined;
}

/** Reads one, wherever its fields were put. Undefined: it is none. */
export function legacyRevocation(config: AxiosRequestConfig, url: string): LegacyRevocation | undefined {
  const fields = fieldsOfRequest(config, url, 'revoke');
  const token = fields?.field('token');
  return fields && token ? { token, clientId: fields.clientId } : undefined;
}
