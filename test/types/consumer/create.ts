// Compiled against the packed package by matrix.test.ts; here, against the source.
import axios from 'axios';
import { attachProcore, memoryTokenStore } from 'axios-procore';

const instance = axios.create({ baseURL: 'https://api.procore.com' });
attachProcore(instance, { clientId: 'client', clientSecret: 'secret', store: memoryTokenStore() });
attachProcore(axios, { clientId: 'client', clientSecret: 'secret', store: memoryTokenStore() });
attachProcore(axios.create(), { clientId: 'client', clientSecret: 'secret', grant: 'client_credentials' });

export async function me(): Promise<string> {
  const { data } = await instance.get<{ name: string }>('/rest/v1.0/me', { procore: { companyId: 1 } });
  return data.name;
}
