import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';

/** What a call that brings this bearer, or none, goes out with: the `Authorization` of its request. */
export async function bearerSent(instance: AxiosInstance, brought?: string): Promise<unknown> {
  const headers = brought === undefined ? {} : { Authorization: `Bearer ${brought}` };
  const adapter = async (config: AxiosRequestConfig) =>
    ({
      status: 200,
      statusText: '',
      headers: {},
      config,
      data: String(config.headers!['Authorization']),
    }) as AxiosResponse;
  return (await instance.get('/rest/v1.0/me', { headers, adapter })).data;
}
