import axios, { type AxiosInstance } from 'axios';
import { companyId, type Client, type World } from './contender.js';

/** An application's instance, before anything is attached to it. */
export function instanceFor({ origin, transport }: World): AxiosInstance {
  return axios.create({
    baseURL: origin,
    proxy: false,
    headers: { 'Procore-Company-Id': companyId },
    ...transport,
  });
}

export function clientOf(instance: AxiosInstance): Client {
  return {
    get: (path) => instance.get(path),
    post: (path, body) => instance.post(path, body),
  };
}
