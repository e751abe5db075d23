// Calls to a host that is none of Procore's, and all that the server and the application see of them. The same file runs in an
// application without the plugin: both must tell the same.
'use strict';
const { startElsewhere } = require('./servers.cjs');

/** What an application sees of an error. */
function told(error, axios) {
  const { AxiosError, CanceledError, Cancel } = axios;
  const { name, message, code, response, config } = error;
  return {
    ...{ name, message, code, status: response?.status, data: response?.data, sentTo: config?.url },
    isAxiosError: axios.isAxiosError?.(error),
    isCancel: axios.isCancel(error),
    instanceOf: [AxiosError, CanceledError ?? Cancel].map((one) => Boolean(one && error instanceof one)),
  };
}

/** What is calling: `isWhole` with every adapter that has a name, and with an instance that was created, too. */
module.exports = async function elsewhere(axios, { label, isWhole }) {
  const server = await startElsewhere();
  const results = {};
  const knowsSignal = 'subscribe' in axios.CancelToken.prototype;
  const names = typeof axios.defaults.adapter === 'function' ? [] : [['http'], ['xhr', 'http']];
  const hasFetch = (axios.defaults.adapter ?? []).includes?.('fetch');
  const named = [
    ...names,
    ...(hasFetch ? ['fetch', ['fetch', 'http']] : []),
    ...(names.length > 0 ? ['xhr'] : []),
  ];
  const adapters = [undefined, ...(isWhole ? named : [])];
  for (const [kind, instance] of [
    ['default', axios],
    ...(isWhole ? [['created', axios.create({ headers: { 'X-Created': 'yes' } })]] : []),
  ]) {
    for (const adapter of adapters) await plays(kind, instance, adapter);
  }
  server.close();
  return results;

  async function plays(kind, instance, adapter) {
    const own = { proxy: false, ...(adapter === undefined ? {} : { adapter }) };
    const { url } = server;
    const key = { headers: { 'X-Key': 'k', 'User-Agent': false }, ...own };
    const form = new FormData();
    form.append('field', 'value');
    const source = axios.CancelToken.source();
    const controller = new AbortController();
    /** Ends a call when the server has it. */
    const ending = async (end, config) => {
      const arrival = server.arrival();
      const call = instance.get(`${url}/hang`, { ...config, ...own });
      // An adapter that does not exist fails before.
      await Promise.race([arrival, call.catch(() => undefined)]);
      end();
      return call;
    };
    const calls = {
      string: () => instance.post(`${url}/a?b=1`, 'abc', key),
      object: () => instance.post(`${url}/a`, { a: 'ö' }, key),
      params: () => instance.put(`${url}/a`, new URLSearchParams({ a: '1 2' }), key),
      form: () => instance.post(`${url}/a`, form, own),
      query: () =>
        instance.get(`${url}/a`, {
          params: { 'filters[id]': [1, 2] },
          auth: { username: 'u', password: 'p' },
          ...own,
        }),
      refused: () => instance.get(`${url}/a?code=404`, own),
      redirected: () => instance.get(`${url}/redirect`, own),
      slow: () => instance.get(`${url}/slow`, { timeout: 100, ...own }),
      unreachable: () => instance.get('http://127.0.0.1:1/', own),
      canceled: () => ending(() => source.cancel('enough'), { cancelToken: source.token }),
      ...(knowsSignal
        ? { aborted: () => ending(() => controller.abort(), { signal: controller.signal }) }
        : {}),
    };
    for (const [name, call] of Object.entries(calls)) {
      server.seen.length = 0;
      let outcome;
      try {
        const { status, headers, data } = await call();
        outcome = { status, headers: { ...headers }, answer: headers['x-answer'], data };
      } catch (error) {
        outcome = told(error, axios);
      }
      const sent = server.seen.map(({ method, url, rawHeaders, body }) => ({
        method,
        url,
        rawHeaders,
        body,
      }));
      results[`${label}, ${kind}, ${adapter ?? 'no adapter named'}: ${name}`] = { sent, outcome };
    }
  }
};
