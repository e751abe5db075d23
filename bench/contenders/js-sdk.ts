import sdk from '@procore/js-sdk';
import { companyId, type Connect } from './contender.js';

export const connect: Connect = ({ origin, clientId: id, clientSecret: secret, tokens }) => {
  let pair = tokens;
  const authorizer = sdk.refresher(sdk.oauth(pair.access_token), async (token: string) => {
    const refresh = pair.refresh_token ?? '';
    pair = await sdk.refresh({ id, secret, uri: '', token, refresh }, { apiHostname: origin });
    return pair;
  });
  const client = sdk.client(
    authorizer,
    {},
    { apiHostname: origin, defaultVersion: 'v1.0', defaultCompanyId: Number(companyId) },
  );
  return {
    get: (path) => client.get(path),
    post: (path, body) => client.post(path, body),
  };
};
