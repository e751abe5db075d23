import axios from 'axios';
import type { TokenSet } from 'axios-procore';
import type { World } from './contender.js';

/** The refresh that an application writes for a package that leaves it to the application: one POST of a form. */
export async function refresh(world: World, refreshToken: string | undefined): Promise<TokenSet> {
  const { data } = await axios.post<TokenSet>(
    `${world.origin}/oauth/token`,
    new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: world.clientId,
      client_secret: world.clientSecret,
      refresh_token: refreshToken ?? '',
    }),
    { proxy: false },
  );
  return data;
}
