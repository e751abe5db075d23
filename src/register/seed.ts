import type { Procore } from '../attach/handle.js';
import type { GivenPath } from '../settings/settings.js';

/**
 * Creates the advice how to provide the first tokens. It is given once, to `tell`, when a call was answered 401 and the account has no
 * tokens.
 */
export function createSeedAdvice(
  { file, config }: { file: GivenPath | undefined; config: GivenPath | undefined },
  tell: (line: string) => void,
): { watch(handle: Pick<Procore, 'on' | 'status'>): void } {
  let isTold = false;
  const place = file ? `into ${file.path}` : `into the store of ${config?.name ?? 'the configuration'}`;

  return {
    watch(handle) {
      const stop = handle.on('request-settled', ({ status, account }) => {
        if (isTold) return stop();
        if (status !== undefined && status !== 401) return;
        // There are tokens of a first user, so a call of another user without tokens is nothing unusual.
        if (account !== 'default' && handle.status('default').accessToken !== undefined) return;
        const { state, accessToken, refreshToken } = handle.status(account);
        if (accessToken !== undefined || refreshToken !== undefined) return;
        if (status === undefined && state !== 'reauthentication-required') return;
        isTold = true;
        stop();
        tell(
          `a call was refused for want of a valid token (401), and nothing could be done about it, because no tokens are held. Copy the token set that the application has ${place}: JSON with at least a refresh_token, as Procore answered it. Or let the application log its user in, or refresh, through axios once: the answer is kept`,
        );
      });
    },
  };
}
