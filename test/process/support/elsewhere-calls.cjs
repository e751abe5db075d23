// Calls to a host that is none of Procore's, of every kind that axios has, and all that the server and the application see of them. A test
// runs them once with bare axios and once under axios-procore/register: both must tell the same.
'use strict';
const { once } = require('node:events');
const { createServer } = require('node:http');
const { createServer: createRawServer } = require('node:net');
const { Readable } = require('node:stream');
const { brotliCompressSync, gzipSync } = require('node:zlib');

const json = { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] };
const encoded = { gzip: gzipSync('{"a":"ö"}'), br: brotliCompressSync('{"a":"ö"}'), broken: 'no gzip' };

/** Does what the path asks for; anything else it answers with what it has been sent. */
function answer({ method, url, body }, response) {
  const { pathname, searchParams } = new URL(url, 'http://elsewhere');
  const asked = searchParams.get('is');
  if (pathname === '/hang') return;
  if (pathname === '/cut') {
    response.writeHead(200, { 'content-length': 100 });
    return void response.write('part', () => response.destroy());
  }
  if (pathname === '/to')
    return void response.writeHead(Number(asked), { location: searchParams.get('at') }).end();
  if (pathname === '/encoded') {
    const coding = asked === 'broken' ? 'gzip' : asked;
    return void response.writeHead(200, { ...json, 'content-encoding': coding }).end(encoded[asked]);
  }
  if (pathname === '/says') return void response.writeHead(200, json).end(searchParams.get('text'));
  response.writeHead(Number(asked ?? 200), json).end(JSON.stringify({ method, url, body }));
}

async function start(listener) {
  const seen = [];
  const server = createServer((request, response) => {
    response.sendDate = false;
    const { method, url, rawHeaders } = request;
    const chunks = [];
    request.on('error', () => undefined).on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const one = { method, url, rawHeaders, body: Buffer.concat(chunks).toString('latin1') };
      seen.push(one);
      server.emit('seen');
      listener(one, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, seen, port: server.address().port };
}

/** Data as it is, and the class of everything else. */
function shown(value) {
  if (Buffer.isBuffer(value) || value instanceof ArrayBuffer) return Buffer.from(value).toString('hex');
  if (typeof value === 'function') return 'a function';
  const prototype = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : null;
  return [null, Object.prototype, Array.prototype].includes(prototype) ? value : prototype.constructor.name;
}

/** Configurations, requests and answers as the application gets them: their classes, and what is in them. */
function configured(config) {
  const given = Object.entries(config ?? {}).map(([key, value]) => [key, shown(value)]);
  return { ...Object.fromEntries(given), headers: { ...config?.headers }, env: typeof config?.env };
}

function answered({ status, statusText, headers, data, request, config }) {
  const classes = [headers, request].map((one) => one?.constructor?.name);
  return { status, statusText, headers: { ...headers }, data: shown(data), classes, ...configured(config) };
}

/** Some versions of axios cannot make one of a configuration that has an agent in it. */
function jsonOf(error) {
  try {
    return Object.keys(error.toJSON?.() ?? {});
  } catch ({ name }) {
    return name;
  }
}

function failed(error, axios) {
  const { name, message, code, response, request, config } = error;
  const { AxiosError, CanceledError, Cancel, isCancel } = axios;
  return {
    ...{ name, message, code, keys: Object.keys(error).sort(), cause: error.cause?.message },
    instanceOf: [AxiosError, CanceledError ?? Cancel].map((one) => Boolean(one && error instanceof one)),
    isCancel: isCancel(error),
    request: request?.constructor?.name,
    json: jsonOf(error),
    ...(response ? { answer: answered(response), sameRequest: response.request === request } : {}),
    config: configured(config),
  };
}

/** Each takes an instance and makes one call, or says itself what came of several. `a` and `b` are two hosts. */
function table(axios, { a, b, raw, proxy, closed, arrival }) {
  const post = (data, config) => (instance) => instance.post(`${a}/x`, data, config);
  const get = (path, config) => (instance) => instance.get(a + path, config);
  const to = (status, at) => `/to?is=${status}&at=${encodeURIComponent(at)}`;
  const sensitive = { Authorization: 'Bearer own', Cookie: 'c=1', 'X-Key': 'k', 'Procore-Company-Id': '7' };
  const form = new FormData();
  form.append('field', 'ö');
  form.append('file', new Blob(['blob'], { type: 'text/x' }), 'name.txt');
  const read = async ({ data }) => {
    const chunks = [];
    for await (const chunk of data) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString();
  };
  /** Ends a call when the server has it. */
  const flying = (ending) => async (instance) => {
    const { end, config } = ending();
    const arrived = arrival();
    const call = instance.get(`${a}/hang`, config);
    call.catch(() => undefined);
    await arrived;
    end();
    return call;
  };
  return {
    'a string': post('abc', { headers: { 'X-Key': 'k' } }),
    'an object': post({ a: 'ö', date: new Date(0) }),
    'a buffer': post(Buffer.from('abc')),
    'typed bytes': post(Uint8Array.of(65, 66)),
    nothing: post(undefined),
    'URL parameters': post(new URLSearchParams({ a: '1 2' })),
    'a form of an object': post(
      { a: [1, 2], b: { c: 1 } },
      { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
    ),
    'a form with a file': post(form),
    'a stream': (instance) => instance.post(`${a}/x`, Readable.from(['a', 'b']), { maxRedirects: 0 }),
    'a body over its limit': post('x'.repeat(50), { maxBodyLength: 10 }),
    'headers that are off, or lists': get('/x', {
      headers: { 'User-Agent': false, Accept: null, 'X-List': ['1', '2'], 'X-None': undefined },
    }),
    'a header with a line in it': get('/x', { headers: { 'X-Key': 'k\r\nInjected: yes' } }),
    'names in another case': post({}, { headers: { 'content-TYPE': 'application/vnd.own+json' } }),
    credentials: get('/x', { auth: { username: 'ü', password: 'p' }, headers: sensitive }),
    'credentials in the URL': (instance) => instance.get(`${a.replace('//', '//user:pw@')}/x`),
    parameters: get('/x?a=1#b', { params: { list: [1, 2], deep: { a: 1 }, none: null, text: 'a b:c' } }),
    'a base URL': (instance) => instance.get('y', { baseURL: `${a}/x/` }),
    'white space before the URL': (instance) => instance.get(` ${a}/x`),
    'a text of JSON': get('/says?text=[1', { responseType: 'text' }),
    'no JSON': get('/says?text=[1'),
    'bytes as an answer': get('/says?text=abc', { responseType: 'arraybuffer' }),
    'a stream as an answer': async (instance) => ({
      told: await read(await instance.get(`${a}/says?text=abc`, { responseType: 'stream' })),
    }),
    'an answer over its limit': get('/says?text=abcdefgh', { maxContentLength: 4 }),
    gzip: get('/encoded?is=gzip'),
    'gzip as it is': get('/encoded?is=gzip', { decompress: false, responseType: 'arraybuffer' }),
    brotli: get('/encoded?is=br'),
    'broken gzip': get('/encoded?is=broken'),
    'no content': get('/x?is=204'),
    'a refusal': get('/x?is=404'),
    'a server error': post({ a: 1 }, { params: { is: 503 } }),
    'a refusal that is welcome': get('/x?is=401', { validateStatus: () => true }),
    'a redirect': get(to(302, '/y')),
    'a redirect elsewhere': get(to(301, `${b}/y`), { headers: sensitive }),
    'a redirect with a body': (instance) =>
      instance.post(a + to(307, `${b}/y`), 'abc', { headers: sensitive }),
    'a redirect that is not followed': get(to(302, '/y'), { maxRedirects: 0 }),
    'a redirect to itself': get(to(302, ''), { maxRedirects: 2 }),
    'a redirect that is refused': get(to(302, '/y'), {
      beforeRedirect() {
        throw new Error('not there');
      },
    }),
    'a timeout': get('/hang', { timeout: 100 }),
    'a timeout in words': get('/hang', { timeout: 100, timeoutErrorMessage: 'too slow' }),
    'a timeout that is none': get('/x', { timeout: 'soon' }),
    'a refused connection': (instance) => instance.get(`${closed}/x`),
    'an answer that is cut': get('/cut'),
    'no HTTP': (instance) => instance.get(`${raw}/x`),
    'no URL': (instance) => instance.get('http://'),
    'another protocol': (instance) => instance.get('ftp://127.0.0.1/x'),
    'a data URL': (instance) => instance.get('data:text/plain;base64,YWJj', { responseType: 'text' }),
    'a missing socket': get('/x', { socketPath: '/there/is/none' }),
    'a proxy': get('/x', {
      proxy: { host: '127.0.0.1', port: proxy, auth: { username: 'u', password: 'p' } },
    }),
    'an adapter of its own': get('/x', {
      adapter: async (config) => ({ data: Object.keys(config), status: 200, headers: {}, config }),
    }),
    'an adapter that fails': get('/x', { adapter: () => Promise.reject(new TypeError('own')) }),
    'an unknown adapter': get('/x', { adapter: ['none'] }),
    'a transport of its own': get('/x', {
      transport: {
        request() {
          throw new Error('own transport');
        },
      },
    }),
    'transforms of its own': (instance) =>
      instance.post(`${a}/x`, 'abc', {
        transformRequest: (data) => `${data}!`,
        transformResponse: (data) => [typeof data],
      }),
    'progress of a download': async (instance) => {
      const events = [];
      const onDownloadProgress = ({ loaded, total }) => events.push([loaded, total]);
      await instance.get(`${a}/says?text=abc`, { onDownloadProgress });
      return { told: events.at(-1) ?? null };
    },
    // Not its configuration: such a call ends before there is any adapter.
    'an abort before': async (instance) => {
      const error = await instance.get(`${a}/x`, { signal: AbortSignal.abort() }).catch((reason) => reason);
      return { told: { ...failed(error, axios), config: {} } };
    },
    'an abort in flight': flying(() => {
      const controller = new AbortController();
      return { end: () => controller.abort(), config: { signal: controller.signal } };
    }),
    'a cancel in flight': flying(() => {
      const { token, cancel } = axios.CancelToken.source();
      return { end: () => cancel('enough'), config: { cancelToken: token } };
    }),
    'interceptors in their order': async (instance) => {
      const told = [];
      const noting = (what) => (value) => (told.push(what), value);
      const { request, response } = instance.interceptors;
      const ids = ['q1', 'q2'].map((what) => request.use(noting(what)));
      const backs = ['r1', 'r2'].map((what) => response.use(noting(what)));
      await instance.get(`${a}/x`);
      for (const id of ids) request.eject(id);
      for (const id of backs) response.eject(id);
      return { told };
    },
    'the configuration of a failure again': async (instance) => {
      const error = await instance.post(`${a}/x?is=503`, { a: 1 }).catch((reason) => reason);
      return instance(error.config);
    },
  };
}

/** One call, with servers of its own: what a call before has left behind reaches none of them. */
async function play(axios, instance, what) {
  const [a, b, proxy, gone] = await Promise.all(Array.from({ length: 4 }, () => start(answer)));
  const raw = createRawServer((socket) => socket.on('error', () => undefined).end('no HTTP'));
  await once(raw.listen(0, '127.0.0.1'), 'listening');
  gone.server.close();
  const ports = [a.port, b.port, proxy.port, gone.port, raw.address().port];
  const [hostA, hostB, , closed, noHttp] = ports.map((port) => `http://127.0.0.1:${port}`);
  const calls = table(axios, {
    ...{ a: hostA, b: hostB, proxy: proxy.port, closed, raw: noHttp },
    arrival: () => once(a.server, 'seen'),
  });
  const outcome = await calls[what](instance).then(
    (come) => (come.told === undefined ? answered(come) : come),
    (error) => failed(error, axios),
  );
  // Whether a call has left when its time is over is chance.
  const sent = /timeout|limit|abort/.test(what) ? [] : [a, b, proxy].map(({ seen }) => seen);
  const text = ports.reduce(
    (told, port, at) => told.replaceAll(`${port}`, `${70_001 + at}`),
    JSON.stringify({ outcome, sent }),
  );
  for (const { server } of [a, b, proxy]) server.close().closeAllConnections();
  raw.close();
  return text.replace(
    /-{10,}\d+|axios-[\d.]+-boundary-[\w-]+|-+form(?:data)?-[\w-]+|-+WebKit\w+/g,
    'boundary',
  );
}

/** What becomes of each call of each kind of instance, as text. */
module.exports = async function elsewhereCalls(axios) {
  const hasNames = typeof axios.defaults.adapter !== 'function';
  const instances = {
    'the default instance': axios,
    'one that is made': axios.create({ headers: { 'X-Made': 'yes' } }),
    ...(hasNames ? { 'by name': axios.create({ adapter: 'http' }) } : {}),
    ...(hasNames && axios.defaults.adapter.includes('fetch')
      ? { fetch: axios.create({ adapter: 'fetch' }) }
      : {}),
  };
  const results = {};
  for (const [kind, instance] of Object.entries(instances)) {
    for (const what of Object.keys(table(axios, {})))
      results[`${kind}: ${what}`] = await play(axios, instance, what);
  }
  return JSON.stringify(results);
};
