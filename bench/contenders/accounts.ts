/** Calls of many users through one instance: by the package, and by hand with a map of bearers. */
import axios from 'axios';
import { attachProcore, type TokenSet } from 'axios-procore';
import { answerAtOnce } from '../support/stub.js';
import { tokensOf } from '../support/tokens.js';

/** Makes a call of an account. */
export type CallOf = (account: string) => Promise<unknown>;

const load = (account: string): TokenSet => tokensOf(account);

function instance() {
  return axios.create({ baseURL: 'https://api.example.com', proxy: false, adapter: answerAtOnce });
}

function byHand(): CallOf {
  const api = instance();
  const bearers = new Map<string, string>();
  return async (account) => {
    let bearer = bearers.get(account);
    if (!bearer) bearers.set(account, (bearer = `Bearer ${load(account).access_token}`));
    return api.get('/rest/v1.0/me', { headers: { Authorization: bearer } });
  };
}

function byPackage(): CallOf {
  const api = instance();
  attachProcore(api, {
    clientId: 'client',
    clientSecret: 'secret',
    environment: { loginUrl: 'https://api.example.com', apiUrl: 'https://api.example.com' },
    store: { load, save: () => undefined },
  });
  return (account) => api.get('/rest/v1.0/me', { procore: { account } });
}

export const accountCalls = { 'a map of bearers by hand': byHand, 'axios-procore': byPackage };
