import type { InternalAxiosRequestConfig } from 'axios';
import type { TokenSet } from 'axios-procore';
// @ts-expect-error -- it has no types
import untyped from 'axios-token-interceptor';
import type { Connect } from './contender.js';
import { clientOf, instanceFor } from './instance.js';
import { refresh } from './refresh.js';

interface TokenProvider {
  (options: {
    getToken: () => Promise<TokenSet>;
    headerFormatter: (pair: TokenSet) => string;
  }): (config: InternalAxiosRequestConfig) => Promise<InternalAxiosRequestConfig>;
  tokenCache(
    getToken: () => Promise<TokenSet>,
    options: { getMaxAge: (pair: TokenSet) => number },
  ): () => Promise<TokenSet>;
}
const tokenProvider = untyped as TokenProvider;

/** How long the pair has still to live, as the README takes it from `expires_in`. */
const msLeft = ({ created_at = 0, expires_in = 0 }: TokenSet) =>
  (created_at + expires_in) * 1000 - Date.now();

export const connect: Connect = (world) => {
  const instance = instanceFor(world);
  let tokens = world.tokens;
  const getToken = tokenProvider.tokenCache(
    async () => {
      if (msLeft(tokens) <= 0) tokens = await refresh(world, tokens.refresh_token);
      return tokens;
    },
    { getMaxAge: msLeft },
  );
  instance.interceptors.request.use(
    tokenProvider({ getToken, headerFormatter: ({ access_token }) => `Bearer ${access_token}` }),
  );
  return clientOf(instance);
};
