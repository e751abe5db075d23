import type { Procore } from 'axios-procore';

/**
 * When the client requested each of its access tokens, by their fingerprints. The client counts a token's lifetime from its request, and
 * the server from the moment when it issued the token, which on a busy machine is much later.
 */
export type AskedAtMs = ReadonlyMap<string, number>;

/** Notes the time whenever the client calls `clientSecret`, which it does right before it requests a token. */
export function noteAsking(clientSecret: string) {
  let lastMs = 0;
  return {
    clientSecret: () => {
      lastMs = Date.now();
      return clientSecret;
    },
    /** Calls back with each token that was requested and received. */
    onToken(
      procore: Pick<Procore, 'on'>,
      listener: (token: { accessToken: string; askedAtMs: number }) => void,
    ) {
      procore.on('token-renewed', ({ accessToken }) => listener({ accessToken, askedAtMs: lastMs }));
    },
  };
}
