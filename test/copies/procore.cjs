// Calls to Procore on an attached instance of whichever axios. Each check is a sentence and whether it holds.
'use strict';
const { setTimeout: sleep } = require('node:timers/promises');

/**
 * @param given `axios`: the application's; `make`: an attached instance of it; `procore`, `elsewhere`: the servers; `isProcoreError`: from
 * whichever build; `isWhole`: with every adapter that has a name.
 * @returns what does not hold, in sentences: of `living`, and of `dying`, after which no token is good any more.
 */
module.exports = function calls({ axios, make, procore, elsewhere, isProcoreError, kind, isWhole = true }) {
  let wrong = [];
  const check = (sentence, holds, found) => {
    if (!holds)
      wrong.push(
        `${kind}: ${sentence}${found === undefined ? '' : `: ${JSON.stringify(found)?.slice(0, 300)}`}`,
      );
  };
  /** What a call comes to: its answer, or its error. */
  const outcomeOf = async (call) => {
    try {
      return await call();
    } catch (error) {
      return error;
    }
  };
  const { state } = procore;
  const { AxiosError, CanceledError, Cancel } = axios;
  const Canceled = CanceledError ?? Cancel;
  const hasFetch = (axios.defaults.adapter ?? []).includes?.('fetch');
  const byNames = Array.isArray(axios.defaults.adapter) ? [['xhr', 'http'], 'http'] : [];
  const fetches = hasFetch
    ? ['fetch', ['fetch', 'http'], axios.getAdapter('fetch'), [axios.getAdapter('fetch')]]
    : [];
  const isAxiosError = (error) => !AxiosError || error instanceof AxiosError;
  /** The fetch adapter of several versions wraps its own cancellation in an AxiosError. */
  const isCanceled = (error, onFetch) =>
    axios.isCancel(error) && (error instanceof Canceled || (onFetch && isAxiosError(error)));
  /** axios 0.21 knows no signal, and nothing tells the class of its cancellations where its exports have not been seen. */
  const knowsSignal = 'subscribe' in axios.CancelToken.prototype;
  const endsUnknown = (error) => !knowsSignal && axios.isCancel(error);

  return {
    async living() {
      wrong = [];
      const named = isWhole ? [...byNames, ...fetches] : [];
      for (const adapter of [undefined, ...named]) await withAdapter(adapter);
      if (isWhole && byNames.length > 0) await withoutAdapter();
      await ownErrors();
      return wrong;
    },
    async dying() {
      wrong = [];
      state.revoked = `access-${state.generation}`;
      state.refuses = true;
      const error = await outcomeOf(() => make().get('/rest/v1.0/things'));
      isOwn('a dead refresh token', error, 'ERR_PROCORE_REAUTHENTICATION_REQUIRED');
      return wrong;
    },
  };

  async function withAdapter(adapter) {
    const api = make();
    const onFetch = fetches.includes(adapter);
    const own = adapter === undefined ? {} : { adapter };
    const names = [adapter ?? 'no adapter named'].flat();
    const label = names.map((one) => (typeof one === 'function' ? 'a function' : one)).join(', ');
    const url = '/rest/v1.0/things';
    const arrives = async (what, body, holds) => {
      const answer = await outcomeOf(() =>
        api.post(`${url}?b=1`, body, { headers: { 'X-Key': 'k' }, ...own }),
      );
      const last = procore.seen.at(-1);
      const { headers } = last;
      check(
        `${label}: ${what} with its headers and the token`,
        headers['x-key'] === 'k' &&
          headers.authorization === `Bearer access-${state.generation}` &&
          headers['procore-company-id'] === '42' &&
          last.url === `${url}?b=1` &&
          holds(last),
        { headers, url: last.url, body: last.body, answer: answer.message },
      );
    };
    await arrives('a string', 'abc', ({ body }) => body === 'abc');
    await arrives(
      'an object',
      { a: 1 },
      ({ body, headers }) => body === '{"a":1}' && headers['content-type'].startsWith('application/json'),
    );
    await arrives(
      'a form of fields',
      new URLSearchParams({ a: '1' }),
      ({ body, headers }) =>
        body === 'a=1' && headers['content-type'].startsWith('application/x-www-form-urlencoded'),
    );
    const form = new FormData();
    form.append('field', 'value');
    // Many an axios sends no form of the platform, wherever it goes.
    const knowsForms = (await outcomeOf(() => api.post(`${elsewhere.url}/a`, form, own))).status === 200;
    if (knowsForms)
      await arrives(
        'a FormData',
        form,
        ({ body }) => body.includes('name="field"') && body.includes('value'),
      );
    const answered = await outcomeOf(() => api.get(url, own));
    check(
      `${label}: the answer's headers are readable`,
      answered.status === 200 && answered.headers['x-answer'] === 'yes',
    );

    const { exchanges } = state;
    state.revoked = `access-${state.generation}`;
    const again = await outcomeOf(() => api.get(url, own));
    check(
      `${label}: a 401 is answered by one renewal and a replay`,
      again.status === 200 && state.exchanges === exchanges + 1,
      again.message,
    );

    elsewhere.seen.length = 0;
    await outcomeOf(() => api.get('/rest/v1.0/redirect', own));
    const [landed] = elsewhere.seen;
    check(
      `${label}: a redirect to another origin is followed without token and company`,
      landed &&
        landed.headers.authorization === undefined &&
        landed.headers['procore-company-id'] === undefined,
      landed?.headers,
    );

    const controller = new AbortController();
    let hanging = procore.arrival();
    const aborting = outcomeOf(() => api.get('/rest/v1.0/hang', { signal: controller.signal, ...own }));
    await Promise.race([hanging, aborting]);
    controller.abort();
    const aborted = await aborting;
    check(
      `${label}: an abort under way is axios's cancellation`,
      isCanceled(aborted, onFetch) || endsUnknown(aborted),
      [aborted.name, aborted.message, axios.isCancel(aborted)],
    );

    const source = axios.CancelToken.source();
    hanging = procore.arrival();
    const canceling = outcomeOf(() => api.get('/rest/v1.0/hang', { cancelToken: source.token, ...own }));
    await Promise.race([hanging, canceling]);
    source.cancel('enough');
    const canceled = await canceling;
    check(
      `${label}: a CancelToken ends a call with its message`,
      isCanceled(canceled, onFetch) && canceled.message === 'enough',
      canceled.message,
    );

    const waiting = new AbortController();
    hanging = procore.arrival();
    const late = outcomeOf(() =>
      api.get('/rest/v1.0/busy', {
        signal: waiting.signal,
        procore: { retry: { baseDelayMs: 20_000 } },
        ...own,
      }),
    );
    await Promise.race([hanging, late]);
    await sleep(20);
    waiting.abort();
    check(
      `${label}: an abort while a retry is waited for is axios's cancellation`,
      isCanceled(await late, onFetch) || endsUnknown(await late),
      (await late).message,
    );

    const slow = await outcomeOf(() =>
      api.get('/rest/v1.0/hang', { timeout: 60, procore: { retry: false }, ...own }),
    );
    check(
      `${label}: a time-out is an error of axios`,
      isAxiosError(slow) && /ECONNABORTED|ETIMEDOUT/.test(slow.code),
      [slow.code, slow.message],
    );

    const missing = await outcomeOf(() => api.get(`${url}?code=404`, own));
    check(
      `${label}: a 404 is an error of axios, and says what it means`,
      isAxiosError(missing) &&
        missing.response.headers['x-answer'] === 'yes' &&
        missing.procore?.kind !== undefined,
      [missing.name, missing.message],
    );
  }

  /** By a name that Node has no adapter for. */
  async function withoutAdapter() {
    const [bare, error] = await Promise.all(
      [elsewhere.url, '/rest/v1.0/things'].map((url) => outcomeOf(() => make().get(url, { adapter: 'xhr' }))),
    );
    const told = ({ name, code, message }) => JSON.stringify([name, code, message]);
    check(
      'an adapter that does not exist is the error that it is elsewhere',
      told(error) === told(bare) && error instanceof AxiosError === bare instanceof AxiosError,
      [told(error), told(bare)],
    );
  }

  function isOwn(what, error, code) {
    check(
      `${what} is raised as an AxiosError of the application's`,
      isAxiosError(error) &&
        isProcoreError(error) &&
        error.code === code &&
        error instanceof Error &&
        error.isAxiosError === true &&
        JSON.parse(JSON.stringify(error)).code === code &&
        error.config !== undefined,
      [error.name, error.code, error.message],
    );
  }

  /** What the plugin itself raises. */
  async function ownErrors() {
    isOwn(
      'a call to another environment',
      await outcomeOf(() => make().get('https://api.procore.com/rest/v1.0/me')),
      'ERR_PROCORE_WRONG_ENVIRONMENT',
    );
    isOwn(
      'a deadline',
      await outcomeOf(() => make().get('/rest/v1.0/hang', { procore: { deadlineMs: 30 } })),
      'ERR_PROCORE_DEADLINE',
    );
  }
};
