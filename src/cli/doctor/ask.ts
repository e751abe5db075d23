import type { AxiosRequestConfig } from 'axios';
import { createAxiosCopies } from '../../axios/copies.js';
import { goesInClear } from '../../axios/rehearsal.js';
import { createPostForm } from '../../token/endpoint/post-form.js';
import { readByProxyText } from '../../wire/in-clear.js';
import { headerOf } from '../../wire/headers.js';
import { wayOf } from '../../wire/way.js';
import type { Io } from '../io.js';
import type { Opened } from '../opened.js';
import type { Heard } from './judge.js';

/** No host of Procore's takes so long for what is asked here. */
const timeoutMs = 15_000;

/** Sends what the checks ask, each once and without following redirects. Rejects where there is no answer. */
export interface Ask {
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Heard>;
  postForm(url: string, form: Readonly<Record<string, string>>): Promise<Heard>;
}

/** Creates the sender over an instance of axios of its own. */
export function createAsk(io: Io): Ask {
  const instance = io.createInstance();
  const copy = createAxiosCopies().of(instance);
  const post = createPostForm(instance, copy, () => undefined);
  const heard = (status: number, body: unknown, date: unknown): Heard => {
    const dateMs = typeof date === 'string' ? Date.parse(date) : NaN;
    return { status, body, atMs: io.env.now(), ...(Number.isNaN(dateMs) ? {} : { dateMs }) };
  };
  return {
    async get(url, headers = {}) {
      const defaults = instance.defaults as AxiosRequestConfig;
      if ('Authorization' in headers && goesInClear(copy, defaults.adapter, url, wayOf(defaults, undefined)))
        throw new Error(readByProxyText);
      const {
        status,
        data,
        headers: answered,
      } = await instance.request<unknown>({
        url,
        headers,
        timeout: timeoutMs,
        maxRedirects: 0,
        validateStatus: () => true,
        // Where `register` is preloaded, it is attached to this instance, too.
        procore: { auth: false, retry: false },
      });
      return heard(status, data, headerOf(answered, 'date'));
    },
    async postForm(url, form) {
      const ended = new AbortController();
      const timer = new AbortController();
      void io.env.sleep(timeoutMs, { signal: timer.signal, ref: false }).then(() => ended.abort());
      const text = new URLSearchParams(form).toString();
      const { status, body, date } = await post(url, text, ended.signal, undefined).finally(() =>
        timer.abort(),
      );
      return heard(status, body, date);
    },
  };
}

/** The client secret, which may be a function's. */
export async function secretOf({ options: { clientSecret } }: Opened): Promise<string | undefined> {
  return typeof clientSecret === 'function' ? clientSecret() : clientSecret;
}
