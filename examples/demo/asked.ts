import type { Procore } from 'axios-procore';

/**
 * When the client asked for each of its access tokens, by their fingerprints. It counts a token's life from there, the server from
 * the moment it issued the token: on a busy machine that is much later.
 */
export type AskedAtMs = ReadonlyMap<string, number>;

/** Notes the time whenever the client asks for its secret, which it does right before it asks for a token. */
export function noteAsking(clientSecret: string) {
  let lastMs = 0;
  return {
    clientSecret: () => {
      lastMs = Date.now();
      return clientSecret;
    },
    /** Calls back with each token that was asked for and came. */
    onToken(
      procore: Pick<Procore, 'on'>,
      listener: (token: { accessToken: string; askedAtMs: number }) => void,
    ) {
      procore.on('token-renewed', ({ accessToken }) => listener({ accessToken, askedAtMs: lastMs }));
    },
  };
}
