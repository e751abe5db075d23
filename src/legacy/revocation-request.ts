import type { AxiosRequestConfig } from 'axios';
import { fieldsOfRequest } from './request-fields.js';

/** A revocation request of the application's own code (RFC 7009, section 2.1). */
export interface LegacyRevocation {
  /** The access or refresh token to revoke. */
  readonly token: string;
  readonly clientId: string | undefined;
}

/** Reads a revocation request from an axios configuration; undefined for any other request. */
export function legacyRevocation(config: AxiosRequestConfig, url: string): LegacyRevocation | undefined {
  const fields = fieldsOfRequest(config, url, 'revoke');
  const token = fields?.field('token');
  return fields && token ? { token, clientId: fields.clientId } : undefined;
}
