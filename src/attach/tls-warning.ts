import https from 'node:https';
import type { AxiosRequestConfig } from 'axios';
import type { Events } from '../observe/events.js';
import { wayOf, type Way } from '../wire/way.js';
import { isUnverified } from '../wire/unverified.js';

const what =
  'the certificate of the server is not checked (rejectUnauthorized: false on an agent, or NODE_TLS_REJECT_UNAUTHORIZED=0): whoever stands between this machine and Procore reads tokens and the client secret, and answers in its place. Give the agent the certificate of your proxy or gateway instead, { ca }, or the process NODE_EXTRA_CA_CERTS';

/** Creates the function that warns, once, where tokens would be sent over TLS without verification of the server's certificate. */
export function createTlsWarning(
  origins: readonly string[],
  warnOnce: Events['warnOnce'],
): (config: AxiosRequestConfig | Way) => void {
  let isTold = !origins.some((origin) => origin.startsWith('https:'));
  return (config) => {
    if (isTold || !isUnverified(wayOf(config), isUncheckedProcess())) return;
    isTold = true;
    warnOnce('unverified-tls', '', what);
  };
}

function isUncheckedProcess(): boolean {
  const { NODE_TLS_REJECT_UNAUTHORIZED: variable } = typeof process === 'object' ? process.env : {};
  return variable === '0' || https.globalAgent?.options?.rejectUnauthorized === false;
}
