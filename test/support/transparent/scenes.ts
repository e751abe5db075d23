import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import FormDataPackage from 'form-data';
import { Agent } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import {
  axiosVersion,
  below,
  breaksHeaders,
  losesQueries,
  onFetch,
  plainFetch,
  twoCopies,
} from '../versions.js';
import type { At, Play } from './run.js';

/** What an application does, and where it makes sense. */
export interface Scene {
  name: string;
  play: Play;
  /** Maybe nothing is sent, or not to the server under test: without this a scene that sends nothing proves nothing. */
  sendsNothing?: true;
  /** axios gives up before it asks its adapter, so what the plugin has put there is still on the config. */
  neverEnters?: true;
  /** The reason of a CancelToken is one object for all its calls; the plugin makes an error for each, and it has its config. */
  cancelled?: true;
  /** Only for other hosts: on Procore's own the plugin must or does act, and tests of its own say how. */
  foreignOnly?: true;
}

const json =
  (config: AxiosRequestConfig): Play =>
  (api) =>
    api.request({ url: '/json', ...config });
const post =
  (data: () => unknown, config: AxiosRequestConfig = {}): Play =>
  (api) =>
    api.post('/json', data(), config);
const get =
  (url: string, config: AxiosRequestConfig | ((at: At) => AxiosRequestConfig) = {}): Play =>
  (api, at) =>
    api.get(url, typeof config === 'function' ? config(at) : config);
/** A configuration that its types do not allow, and applications write all the same. */
const odd = (config: object): AxiosRequestConfig => config;

const form = () => {
  const made = new FormData();
  made.append('rfi[subject]', 'Größe 1 m²');
  made.append('file', new Blob([new Uint8Array([1, 2, 255])], { type: 'image/png' }), 'a.png');
  return made;
};
const packaged = () => {
  const made = new FormDataPackage();
  made.append('subject', 'Größe');
  made.append('file', Buffer.from([1, 2, 255]), { filename: 'a.bin' });
  return made;
};

const onProcoreUnless = (different: boolean): { foreignOnly?: true } =>
  different ? { foreignOnly: true } : {};
/** Where axios tells nobody of a redirect, the plugin follows it by itself on Procore's hosts, in one way for all adapters. */
const followed = onProcoreUnless(below('0.27') || onFetch);
/** Below 0.27 that takes the transport of Node itself, whose time-outs and limits axios sets in another way. */
const native = onProcoreUnless(below('0.27'));
/** axios 1.0.0 loses the question mark; the plugin keeps it. */
const mended = onProcoreUnless(losesQueries);

/** The fetch adapter knows no `maxRedirects: 0` before 1.21; the plugin does. */
const heeded = onProcoreUnless(plainFetch);
/** The fetch adapter of axios 1.13.3 and 1.13.4 loses the answers of failed calls; those to Procore have them again. */
const kept = onProcoreUnless(/^1\.13\.[34]$/.test(axiosVersion));

/** axios 1.0 and 1.1 lose the default headers of a configuration that is sent again; the token is there all the same. */
const lost = onProcoreUnless(breaksHeaders);

const methods: Scene[] = [
  { name: 'get', play: get('/json') },
  { name: 'delete', play: (api) => api.delete('/json') },
  { name: 'delete with a body', play: (api) => api.delete('/json', { data: { ids: [1] } }) },
  { name: 'head', play: (api) => api.head('/json') },
  { name: 'options', play: (api) => api.options('/json') },
  { name: 'put', play: (api) => api.put('/json', { a: 1 }) },
  { name: 'patch', play: (api) => api.patch('/json', { a: 1 }) },
  { name: 'get with a body', play: get('/json', { data: { a: 1 } }), sendsNothing: true },
  { name: 'a method in upper case', play: json({ method: 'POST', data: { a: 1 } }) },
  { name: 'a method of another kind', play: json({ method: 'PROPFIND' }) },
  { name: 'instance(config)', play: (api) => api({ url: '/json' }) },
  { name: 'instance(url)', play: (api) => api('/json') },
  { name: 'instance(url, config)', play: (api) => api('/json', { method: 'put', data: 'x' }) },
  { name: 'request() without a url', play: (api) => api.request({}) },
  { name: 'getUri', play: (api) => api.getUri({ url: '/json', params: { a: 1 } }), sendsNothing: true },
];

const bodies: Scene[] = [
  { name: 'an object', play: post(() => ({ subject: 'Größe', nested: { list: [1, null] } })) },
  { name: 'an array', play: post(() => [1, { a: 2 }]) },
  { name: 'a text', play: post(() => 'as it is') },
  {
    name: 'a text that is called JSON',
    play: post(() => 'text', { headers: { 'Content-Type': 'application/json' } }),
  },
  { name: 'null', play: post(() => null) },
  { name: 'undefined', play: post(() => undefined) },
  { name: 'false', play: post(() => false) },
  { name: 'a number', play: post(() => 0, { headers: { 'Content-Type': 'application/json' } }) },
  { name: 'URLSearchParams', play: post(() => new URLSearchParams({ a: '1 2', ü: 'ö&' })) },
  { name: 'a Buffer', play: post(() => Buffer.from([0, 1, 254, 255])) },
  { name: 'a Uint8Array', play: post(() => new Uint8Array([0, 1, 254, 255])) },
  { name: 'an ArrayBuffer', play: post(() => new Uint8Array([0, 1, 254, 255]).buffer) },
  { name: 'a stream', play: post(() => Readable.from(['one', 'two', 'three'])) },
  {
    name: 'a stream of a known length',
    play: post(() => Readable.from([Buffer.from('12345')]), { headers: { 'Content-Length': '5' } }),
  },
  { name: 'form-data', play: post(packaged) },
  {
    name: 'form-data with its headers',
    play: packagedWithHeaders,
  },
  { name: 'a FormData of the platform', play: post(form) },
  { name: 'a Blob', play: post(() => new Blob(['blob'], { type: 'text/x-own' })) },
  {
    name: 'an object as a form',
    play: post(() => ({ a: [1, 2], b: { c: 'd' } }), { headers: { 'Content-Type': 'multipart/form-data' } }),
  },
  {
    name: 'an object, url-encoded',
    play: post(() => ({ a: [1, 2], b: { c: 'ü' } }), {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    }),
  },
  { name: 'an object that contains itself', play: post(cyclic), sendsNothing: true },
  {
    name: 'an object with a toJSON',
    play: post(() => ({ when: new Date(0), toJSON: () => ({ own: true }) })),
  },
  {
    name: 'transformRequest',
    play: post(() => ({ a: 1 }), { transformRequest: (data) => `<${JSON.stringify(data)}>` }),
  },
  {
    name: 'transformRequest that sets headers',
    play: post(() => ({ a: 1 }), {
      transformRequest: [
        (data, headers) => {
          headers['X-Signed'] = 'yes';
          return JSON.stringify(data);
        },
        (data: string) => data.toUpperCase(),
      ],
    }),
  },
  {
    name: 'transformRequest that throws',
    play: post(() => 'x', { transformRequest: thrower }),
    sendsNothing: true,
  },
  {
    name: 'more than maxBodyLength',
    ...native,
    play: post(() => 'x'.repeat(1_000), { maxBodyLength: 100 }),
    sendsNothing: true,
  },
  ...since('0.27.0', [
    { name: 'postForm', play: (api) => api.postForm('/json', { a: 1, list: [1, 2] }) },
    { name: 'putForm', play: (api) => api.putForm('/json', { a: 1 }) },
    { name: 'patchForm', play: (api) => api.patchForm('/json', { a: 1 }) },
  ]),
];

const headers: Scene[] = [
  {
    name: 'own headers',
    play: get('/json', { headers: { 'X-Own': 'yes', accept: 'text/x-own', 'User-Agent': 'mine' } }),
  },
  {
    name: 'headers without a value',
    play: get(
      '/json',
      odd({ headers: { 'X-Null': null, 'X-Undefined': undefined, 'X-False': false, Accept: undefined } }),
    ),
  },
  { name: 'a header with several values', play: get('/json', odd({ headers: { 'X-List': ['a', 'b'] } })) },
  {
    name: 'a header that cannot be',
    play: get('/json', { headers: { 'X-Bad': 'a\u0000b' } }),
    sendsNothing: true,
  },
  {
    name: 'Authorization of its own',
    play: get('/json', { headers: { Authorization: 'Bearer mine' } }),
    foreignOnly: true,
  },
  { name: 'a company of its own', play: get('/json', { headers: { 'Procore-Company-Id': '7' } }) },
  { name: 'auth', play: get('/json', { auth: { username: 'me', password: 'ü:x' } }), foreignOnly: true },
  {
    name: 'credentials in the URL',
    play: (api, at) => api.get(`${at.url.replace('//', '//me:secret@')}/json`),
    foreignOnly: true,
    ...(plainFetch ? { sendsNothing: true as const } : {}),
  },
  {
    name: 'default headers set after the attach',
    async play(api) {
      api.defaults.headers.common['X-Late'] = 'yes';
      api.defaults.headers.post['X-Post'] = 'only there';
      await api.get('/json');
      return api.post('/json', {});
    },
  },
  {
    name: 'xsrf',
    play: get('/json', { withCredentials: true, xsrfCookieName: 'x', xsrfHeaderName: 'X-Own-Xsrf' }),
  },
  ...since('1.0.0', [
    {
      name: 'headers by the methods of AxiosHeaders',
      play: (api) => {
        api.interceptors.request.use((config) => {
          config.headers.set('X-Set', 'by method').setAuthorization('Basic bWU6eA==').delete('Accept');
          return config;
        });
        return api.get('/json');
      },
      foreignOnly: true,
    } satisfies Scene,
  ]),
];

const addresses: Scene[] = [
  {
    name: 'params',
    ...mended,
    play: get('/json?z=1#part', {
      params: { a: 1, list: [1, 2], nested: { b: 'ü &' }, none: null, when: new Date(0) },
    }),
  },
  { name: 'params of the platform', play: get('/json', { params: new URLSearchParams({ a: '1 2' }) }) },
  {
    name: 'a paramsSerializer that is a function',
    play: get('/json', odd({ params: { a: 1 }, paramsSerializer: () => 'own=1' })),
  },
  {
    name: 'a paramsSerializer of options',
    play: get('/json', odd({ params: { a: [1, 2] }, paramsSerializer: { indexes: null } })),
  },
  {
    name: 'an absolute URL over a baseURL',
    play: (api, at) => api.get(`${at.url}/text`, { baseURL: 'http://127.0.0.1:1/x' }),
  },
  { name: 'a baseURL with a path', play: (api, at) => api.get('text', { baseURL: `${at.url}/status/../` }) },
  {
    name: 'a baseURL set after the attach',
    play: (api, at) => ((api.defaults.baseURL = `${at.url}/x/`), api.get('/json')),
  },
  {
    name: 'a URL without a scheme',
    play: (api, at) => api.get(at.url.replace('http:', '')),
    foreignOnly: true,
    sendsNothing: true,
  },
  { name: 'a URL that is none', play: get('http://'), sendsNothing: true, foreignOnly: true },
  { name: 'a protocol that is none', play: get('ftp://127.0.0.1/x'), sendsNothing: true, foreignOnly: true },
  {
    name: 'a socket that is not there',
    play: get('/json', { socketPath: '/nowhere/at/all.sock' }),
    sendsNothing: true,
    foreignOnly: true,
  },
  {
    name: 'a proxy',
    play: (api, at) => api.get('/json', { proxy: proxyAt(at.other) }),
    sendsNothing: true,
    foreignOnly: true,
  },
];

const answers: Scene[] = [
  { name: 'text', play: get('/text') },
  { name: 'JSON that breaks off', play: get('/broken-json') },
  {
    name: 'JSON that breaks off, strictly',
    play: get('/broken-json', { responseType: 'json', transitional: { silentJSONParsing: false } }),
  },
  { name: 'JSON with a byte order mark', play: get('/bom') },
  { name: 'an empty answer', play: get('/empty') },
  { name: 'cookies', play: get('/cookies') },
  { name: 'gzip', play: get('/gzip') },
  { name: 'brotli', play: get('/brotli') },
  { name: 'gzip, not decompressed', play: get('/gzip', { decompress: false, responseType: 'arraybuffer' }) },
  { name: 'gzip that is none', play: get('/not-gzip') },
  { name: 'responseEncoding', play: get('/bytes', { responseEncoding: 'latin1' }) },
  ...(['json', 'text', 'arraybuffer', 'stream', 'blob', 'document'] as const).map((responseType): Scene => ({
    name: `responseType ${responseType}`,
    play: get('/json', { responseType }),
  })),
  { name: 'bytes', play: get('/bytes', { responseType: 'arraybuffer' }) },
  { name: 'a large stream', play: get('/large', { responseType: 'stream' }) },
  { name: 'transformResponse', play: get('/json', { transformResponse: (data: string) => data.length }) },
  {
    name: 'transformResponse with headers and status',
    play: get('/status', {
      params: { code: 404 },
      transformResponse: [
        (data: unknown, headers: unknown, status?: number) => ({
          data,
          type: (headers as Record<string, string>)['content-type'],
          status,
        }),
      ],
    }),
  },
  { name: 'transformResponse that throws', play: get('/json', { transformResponse: thrower }) },
  { name: 'more than maxContentLength', play: get('/large', { maxContentLength: 1_000 }) },
  {
    name: 'more than maxContentLength, as a stream',
    play: get('/large', { maxContentLength: 1_000, responseType: 'stream' }),
  },
];

const statuses: Scene[] = [
  ...[400, 403, 404, 409, 422, 500, 502, 503, 504].map((code): Scene => ({
    name: `${code}`,
    play: get('/status', { params: { code } }),
  })),
  // A 401 is answered with a renewal, a 429 closes the gate for whoever comes next.
  ...[401, 429].map((code): Scene => ({
    name: `${code}`,
    play: get('/status', { params: { code } }),
    foreignOnly: true,
  })),
  ...(['stream', 'arraybuffer', 'text'] as const).map((responseType): Scene => ({
    name: `404, responseType ${responseType}`,
    play: get('/status', { params: { code: 404 }, responseType }),
  })),
  {
    name: 'validateStatus: () => true',
    play: get('/status', { params: { code: 500 }, validateStatus: () => true }),
  },
  { name: 'validateStatus: null', play: get('/status', { params: { code: 500 }, validateStatus: null }) },
  {
    name: 'validateStatus: undefined',
    play: get('/status', odd({ params: { code: 500 }, validateStatus: undefined })),
  },
  {
    name: 'validateStatus that refuses a 200',
    play: get('/json', { validateStatus: (status) => status === 201 }),
  },
  {
    name: 'validateStatus in the defaults, set later',
    play: (api) => (
      (api.defaults.validateStatus = () => true),
      api.get('/status', { params: { code: 404 } })
    ),
  },
];

const redirects: Scene[] = [
  { name: 'a redirect', play: get('/redirect', { params: { to: '/text' } }) },
  {
    name: 'a redirect to another host',
    play: (api, at) =>
      api.get('/redirect', { params: { to: `${at.other}/text` }, headers: { 'X-Own': 'yes' } }),
  },
  {
    name: 'a POST redirected by 302',
    play: (api) => api.post('/redirect', { a: 1 }, { params: { to: '/text' } }),
  },
  {
    name: 'a POST redirected by 307',
    play: (api) => api.post('/redirect', { a: 1 }, { params: { to: '/text', code: 307 } }),
  },
  {
    name: 'maxRedirects: 0',
    ...heeded,
    play: get('/redirect', { params: { to: '/text' }, maxRedirects: 0 }),
  },
  {
    name: 'maxRedirects: 0, taken for a success',
    ...heeded,
    play: get('/redirect', { params: { to: '/text' }, maxRedirects: 0, validateStatus: () => true }),
  },
  { name: 'too many redirects', play: get('/loop', { maxRedirects: 3 }), ...followed },
  {
    name: 'beforeRedirect',
    ...followed,
    play: (api, at) =>
      api.get('/redirect', {
        params: { to: '/text' },
        beforeRedirect: (options: Record<string, unknown>, { headers: told }) => {
          at.note(`redirected by ${told['location']}`);
          (options['headers'] as Record<string, string>)['X-Redirected'] = 'yes';
        },
      }),
  },
  {
    name: 'beforeRedirect that throws',
    ...followed,
    play: get('/redirect', { params: { to: '/text' }, beforeRedirect: thrower }),
  },
];

const endings: Scene[] = [
  { name: 'timeout', ...native, play: get('/hang', { timeout: 300 }) },
  {
    name: 'timeout with its own message',
    ...native,
    play: get('/hang', { timeout: 300, timeoutErrorMessage: 'too slow' }),
  },
  {
    name: 'timeout with a clear code',
    ...native,
    play: get('/hang', { timeout: 300, transitional: { clarifyTimeoutError: true } }),
  },
  { name: 'timeout within the body', ...native, play: get('/stall', { timeout: 500 }) },
  { name: 'timeout that is a text', ...native, play: get('/hang', odd({ timeout: '300' })) },
  ...(onFetch
    ? []
    : [
        {
          name: 'timeout that is none',
          play: get('/json', odd({ timeout: 'soon' })),
          sendsNothing: true,
          ...native,
        } satisfies Scene,
      ]),
  ...since('0.22.0', [
    {
      name: 'a signal aborted before',
      play: get('/json', { signal: AbortSignal.abort() }),
      sendsNothing: true,
      neverEnters: true,
    },
    { name: 'a signal aborted while it waits', play: abortedBySignal('/hang'), cancelled: true },
    { name: 'a signal aborted within the body', play: abortedBySignal('/stall'), cancelled: true },
    {
      name: 'a signal aborted with a reason',
      play: abortedBySignal('/hang', new Error('my reason')),
      cancelled: true,
    },
  ]),
  ...since('1.0.0', [{ name: 'a signal aborted within a stream', play: abortedStream }]),
  { name: 'a CancelToken cancelled before', play: canceledBefore, sendsNothing: true },
  { name: 'a CancelToken cancelled while it waits', play: canceledByToken('/hang'), cancelled: true },
  { name: 'a CancelToken cancelled within the body', play: canceledByToken('/stall'), cancelled: true },
  {
    name: 'a CancelToken and a signal',
    play: (api) =>
      api.get('/json', {
        signal: new AbortController().signal,
        cancelToken: axios.CancelToken.source().token,
      }),
  },
  {
    name: 'a connection that is refused',
    play: (api, at) => api.get(`${at.refused}/x`),
    sendsNothing: true,
    foreignOnly: true,
  },
  { name: 'a connection that is reset', ...native, play: get('/reset') },
  { name: 'a POST whose connection is reset', ...native, play: (api) => api.post('/reset', { a: 1 }) },
  { name: 'a body that is cut', play: get('/cut') },
  { name: 'a body that is cut, as a stream', play: get('/cut', { responseType: 'stream' }) },
  { name: 'an answer that is not HTTP', ...native, play: get('/garbage') },
  { name: 'a body stream that fails', play: failingStream, foreignOnly: true },
];

const progress: Scene[] = [
  {
    name: 'progress of an upload',
    play: (api, at) => api.post('/json', 'x'.repeat(50_000), { onUploadProgress: lastOf(at, 'up') }),
  },
  {
    name: 'progress of a download',
    play: (api, at) => api.get('/large', { onDownloadProgress: lastOf(at, 'down') }),
  },
  { name: 'maxRate', play: (api) => api.post('/json', 'x', odd({ maxRate: [1e9, 1e9] })) },
];

const adapters: Scene[] = [
  { name: 'an adapter of its own', play: get('/json', { adapter: stub }), sendsNothing: true },
  {
    name: 'an adapter of its own that resolves a failure',
    play: get('/json', { adapter: (config) => stub(config, 404) }),
    sendsNothing: true,
  },
  {
    name: 'an adapter of its own that rejects',
    play: get('/json', { adapter: () => Promise.reject(new Error('mine')) }),
    sendsNothing: true,
  },
  { name: 'an adapter of its own that throws', play: get('/json', { adapter: thrower }), sendsNothing: true },
  {
    name: 'an adapter in the defaults, set later',
    play: (api) => ((api.defaults.adapter = stub), api.get('/json')),
    sendsNothing: true,
  },
  ...since('1.2.0', [
    { name: 'an adapter by name', play: get('/json', { adapter: 'http' }) },
    { name: 'adapters by names', play: get('/json', { adapter: ['xhr', 'http'] }) },
    {
      name: 'adapters by names, and a failure',
      play: get('/status', { params: { code: 404 }, adapter: ['xhr', 'http'] }),
    },
    { name: 'an adapter in a list', play: get('/json', { adapter: [stub] }), sendsNothing: true },
    // Where the plugin imports another axios, the instance is asked for the adapter later, when the call is the plugin's already.
    ...(twoCopies
      ? []
      : [
          {
            name: 'an adapter that nobody knows',
            play: get('/json', { adapter: 'pigeon' as never }),
            sendsNothing: true as const,
          },
        ]),
  ]),
  ...since('1.7.0', [
    { name: 'the fetch adapter by name', play: get('/json', { adapter: 'fetch' }) },
    { name: 'the fetch adapter, POST', play: post(() => ({ a: 1 }), { adapter: 'fetch' }) },
    {
      name: 'the fetch adapter, 404',
      ...kept,
      play: get('/status', { params: { code: 404 }, adapter: 'fetch' }),
    },
    {
      name: 'the fetch adapter, a stream',
      play: get('/large', { adapter: 'fetch', responseType: 'stream' }),
    },
    { name: 'the fetch adapter, a time-out', play: get('/hang', { adapter: 'fetch', timeout: 300 }) },
    { name: 'the fetch adapter, a reset', play: get('/reset', { adapter: 'fetch' }) },
    {
      name: 'the fetch adapter, a redirect',
      play: get('/redirect', { params: { to: '/text' }, adapter: 'fetch' }),
    },
  ]),
  { name: 'an agent that keeps connections', play: agent },
];

const uses: Scene[] = [
  {
    name: 'fields of its own on the config',
    play: get('/json', odd({ metadata: { at: 1, list: [1] }, [Symbol.for('own')]: 'kept', tag: undefined })),
  },
  {
    name: 'response.config sent again',
    ...lost,
    play: async (api) => api((await api.post('/json', { a: 1 }, { headers: { 'X-Own': 'yes' } })).config),
  },
  {
    name: 'error.config sent again',
    ...lost,
    play: (api) =>
      api
        .get('/status', { params: { code: 404 } })
        .catch((error: { config: AxiosRequestConfig }) => api(error.config)),
  },
  { name: 'one config for two calls', play: reused },
  {
    name: 'calls side by side',
    play: async (api) =>
      (await Promise.all(['/json', '/text', '/bom'].map((url) => api.get(url)))).map(
        ({ data }) => data as unknown,
      ),
  },
  {
    name: 'an interceptor that unwraps the answer',
    play: (api) => (api.interceptors.response.use(({ data }) => data as never), api.get('/json')),
  },
  {
    name: 'an interceptor that swallows errors',
    play: (api) => (
      api.interceptors.response.use(null, () => 'no matter'),
      api.get('/status', { params: { code: 500 } })
    ),
  },
  {
    name: 'an interceptor that rewrites the config',
    play: (api) => (
      api.interceptors.request.use((config) => ({ ...config, url: '/text', own: 1 })),
      api.get('/json')
    ),
  },
  {
    name: 'an interceptor that replaces the adapter of one call',
    play: (api) => (
      api.interceptors.request.use((config) => Object.assign(config, { adapter: stub })),
      api.get('/json')
    ),
    sendsNothing: true,
  },
];

/** What goes out: how an application asks. */
export const requestScenes: Scene[] = named({
  methods,
  bodies,
  headers,
  addresses,
  progress,
  adapters,
  uses,
});
/** What comes back, or does not. */
export const answerScenes: Scene[] = named({ answers, statuses, redirects, endings });

function named(chapters: Record<string, Scene[]>): Scene[] {
  return Object.entries(chapters).flatMap(([chapter, all]) =>
    all.map((scene) => ({ ...scene, name: `${chapter}: ${scene.name}` })),
  );
}

function since(version: string, found: Scene[]): Scene[] {
  return below(version) ? [] : found;
}

function thrower(): never {
  throw new Error('thrown by the application');
}

function cyclic(): object {
  const ring: Record<string, unknown> = {};
  ring['self'] = ring;
  return ring;
}

function packagedWithHeaders(api: AxiosInstance): Promise<unknown> {
  const made = packaged();
  return api.post('/json', made, { headers: { ...made.getHeaders(), 'X-Own': 'yes' } });
}

function proxyAt(url: string): { protocol: string; host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { protocol: 'http', host: hostname, port: Number(port) };
}

async function stub(config: AxiosRequestConfig, status = 200): Promise<never> {
  const headers = { 'content-type': 'application/json', 'x-sent': JSON.stringify(config.headers) };
  return {
    status,
    statusText: 'stubbed',
    data: '{"stub":true}',
    headers,
    config,
    request: { own: true },
  } as never;
}

function abortedBySignal(url: string, reason?: Error): Play {
  return async (api, at) => {
    const controller = new AbortController();
    const arrived = at.arrival();
    const call = api.get(url, { signal: controller.signal });
    call.catch(() => undefined);
    await arrived;
    await turn();
    controller.abort(reason);
    return call;
  };
}

function canceledByToken(url: string): Play {
  return async (api, at) => {
    const source = axios.CancelToken.source();
    const arrived = at.arrival();
    const call = api.get(url, { cancelToken: source.token });
    call.catch(() => undefined);
    await arrived;
    await turn();
    source.cancel('the user left');
    return call;
  };
}

function canceledBefore(api: AxiosInstance): Promise<unknown> {
  const source = axios.CancelToken.source();
  source.cancel('already gone');
  return api.get('/json', { cancelToken: source.token });
}

async function abortedStream(api: AxiosInstance): Promise<unknown> {
  const controller = new AbortController();
  const response = await api.get('/stall', { responseType: 'stream', signal: controller.signal });
  setImmediate(() => controller.abort());
  return response;
}

/** Until the answer's beginning is there too. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 15));
}

async function failingStream(api: AxiosInstance, at: At): Promise<unknown> {
  const body = new PassThrough();
  body.write('the beginning');
  const arrived = at.arrival();
  const call = api.post('/json', body);
  call.catch(() => undefined);
  await arrived;
  body.destroy(new Error('the disk is gone'));
  return call;
}

/** How far it came is the network's affair; that it was told, and the end, are not. */
function lastOf(at: At, which: string): (event: object) => void {
  let told = false;
  return (event) => {
    const { loaded, total } = event as { loaded: number; total?: number };
    if (!told) at.note(`${which}: ${Object.keys(event).sort().join()}`);
    told = true;
    if (loaded === total) at.note(`${which}: ${loaded} of ${total}`);
  };
}

async function agent(api: AxiosInstance): Promise<unknown> {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await api.get('/json', { httpAgent });
    await api.post('/json', { a: 1 }, { httpAgent });
    return await api.get('/large', { httpAgent });
  } finally {
    httpAgent.destroy();
  }
}

async function reused(api: AxiosInstance): Promise<unknown> {
  const config = {
    url: '/json',
    method: 'post',
    data: { a: 1 },
    headers: { 'X-Own': 'yes' },
    params: { b: [1] },
  };
  const answers = [await api.request(config), await api.request(config)];
  return { config, kept: answers.map((answer) => answer.config) };
}
