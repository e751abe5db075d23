import type { Events } from '../observe/events.js';
import { isSecureOrigin } from '../options/secure-origin.js';

/** Warns, once for each, of origins that tokens and the client secret go to over http through a network: `allowHttp` of an environment. */
export function warnOfHttp(origins: readonly string[], warnOnce: Events['warnOnce']): void {
  for (const origin of origins) {
    if (isSecureOrigin(new URL(origin))) continue;
    warnOnce(
      'unencrypted',
      origin,
      `the client secret and the tokens go to ${origin} in the clear, because its environment has allowHttp: whoever is on the way reads them. That is right for an emulator in another container, and for nothing else`,
    );
  }
}
