import axios, { type AxiosError, type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { bare as asBare, below, losesAnswers } from '../support/versions.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';
const nothing = '/rest/v1.0/nothing';

type Failed = AxiosError<{ message?: string }> & { config: AxiosRequestConfig & { again?: boolean } };
type Note = (what: string) => void;
type Register = (api: AxiosInstance, note: Note, name: string) => void;

class ApiError extends Error {
  constructor(readonly status: number | undefined) {
    super(`the API said ${status}`);
  }
}
const later = () => new Promise((resolve) => setImmediate(resolve));

/** What applications register: each notes when it runs. */
/** An older token of the same user. */
const ofYesterday = `e30.${Buffer.from('{"sub":"1"}').toString('base64url')}.of-yesterday`;
const kinds: Record<string, Register> = {
  'unwrap response.data': (api, note, name) =>
    api.interceptors.response.use((response) => {
      note(`${name} unwraps`);
      return (response?.data ?? response) as never;
    }),
  'rename fields': (api, note, name) =>
    api.interceptors.response.use((response) => {
      note(`${name} renames`);
      const { login, ...rest } = response.data as { login?: string };
      response.data = { ...rest, [`user of ${name}`]: login };
      return response;
    }),
  'swallow errors': (api, note, name) =>
    api.interceptors.response.use(undefined, (error: Failed) => {
      note(`${name} swallows ${error.response?.status}`);
      return { data: `nothing, says ${name}`, status: 0 };
    }),
  'throw errors of their own': (api, note, name) =>
    api.interceptors.response.use(undefined, (error: Failed | ApiError) => {
      note(`${name} translates`);
      throw error instanceof ApiError ? error : new ApiError(error.response?.status);
    }),
  'send a 401 or a 503 again themselves': (api, note, name) =>
    api.interceptors.response.use(undefined, async (error: Failed) => {
      note(`${name} is asked about ${error.response?.status}`);
      if (![401, 503].includes(error.response?.status ?? 0) || error.config.again) throw error;
      error.config.again = true;
      note(`${name} sends again`);
      return api(error.config);
    }),
  'run for some calls only': (api, note, name) => {
    const runWhen = (config: AxiosRequestConfig) => config.url === nothing;
    api.interceptors.request.use(
      (config) => {
        note(`${name} runs`);
        return config;
      },
      undefined,
      { runWhen },
    );
  },
  'wait for something': (api, note, name) => {
    api.interceptors.request.use(async (config) => {
      note(`${name} begins to wait`);
      await later();
      note(`${name} goes on`);
      return config;
    });
    api.interceptors.response.use(async (response) => {
      await later();
      note(`${name} hands the answer on`);
      return response;
    });
  },
  'make a new config': (api, note, name) =>
    api.interceptors.request.use((config) => {
      note(`${name} makes a config`);
      return { ...config, params: { ...(config.params as object), [name]: 1 } };
    }),
  'set an Authorization of their own': (api, note, name) =>
    api.interceptors.request.use((config) => {
      note(`${name} authorizes`);
      // The one of the bare instance is good.
      config.headers['Authorization'] ??= `Bearer ${ofYesterday}`;
      return config;
    }),
  'take every status': (api, note, name) =>
    api.interceptors.request.use((config) => {
      note(`${name} takes everything`);
      return Object.assign(config, { validateStatus: () => true });
    }),
  'are synchronous': (api, note, name) =>
    api.interceptors.request.use(
      (config) => {
        note(`${name} runs at once`);
        return config;
      },
      undefined,
      { synchronous: true },
    ),
};

/** What an application sees of three calls. */
async function threeCalls(api: AxiosInstance, notes: string[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const url of [me, nothing, me]) {
    notes.push(`call ${url}`);
    const call: Promise<unknown> = api.get(url);
    notes.push('called');
    results.push(
      await call.then(visible, (error: Error) => ({ rejected: error.constructor.name, ...visible(error) })),
    );
  }
  return results;
}

function visible(result: unknown): object {
  const { status, data, message, response } = result as Record<string, unknown>;
  return {
    status,
    data,
    message,
    failed: (response as { status?: number } | undefined)?.status,
    result: data ? 'answer' : result,
  };
}

const places = ['before', 'after', 'before and after'] as const;
// Where axios loses the answer of every failed call there is nothing to compare with.
const compared = losesAnswers ? [] : Object.keys(kinds);
test.each(compared.flatMap((kind) => places.map((place) => ({ kind, place }))))(
  'interceptors that $kind, registered $place the attach, run as on a bare instance, with a 401 in the middle',
  async ({ kind, place }) => {
    await using h = await createHarness();
    h.procore.detach();
    const run = async (isAttached: boolean) => {
      const notes: string[] = [];
      const api = axios.create({ baseURL: h.emulator.url, proxy: false });
      const note: Note = (what) => void notes.push(what);
      if (place !== 'after') kinds[kind]!(api, note, 'first');
      if (isAttached) attachTo(h, api, { companyId: undefined });
      else {
        const bearer = `Bearer ${h.store.sets.get('default')!.access_token}`;
        api.interceptors.request.use(
          (config) => {
            config.headers['Authorization'] = bearer;
            return config;
          },
          undefined,
          { synchronous: true },
        );
      }
      if (place !== 'before') kinds[kind]!(api, note, 'second');
      return { results: await threeCalls(api, notes), notes };
    };
    h.emulator.revoke();
    const attached = await run(true);
    expect(h.emulator.counters).toMatchObject({ apiRequests: 4, unauthorized: 1, exchanges: 1 });
    const bare = await run(false);
    expect(plain(attached)).toEqual(plain(bare));
    expect(attached.notes.length).toBeGreaterThan(6);
    expect(h.emulator.counters).toMatchObject({ apiRequests: 7, unauthorized: 1, exchanges: 1 });
  },
);

/** Without the objects that axios makes anew for each call. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, item: unknown) =>
      ['config', 'request', 'headers', 'stack', 'procore', 'duration'].includes(key) ? undefined : item,
    ),
  );
}

test.each([401, 503])(
  'an interceptor that sends a %i again is not asked where the plugin has mended it',
  async (status) => {
    await using h = await createHarness();
    const asked: unknown[] = [];
    h.instance.interceptors.response.use(undefined, (error: Failed) => {
      asked.push(error.response?.status);
      return h.instance(error.config);
    });
    if (status === 401) h.emulator.revoke();
    else h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status } });
    expect((await h.instance.get(me)).status).toBe(200);
    expect(asked).toEqual([]);
  },
);

test('an interceptor that sends a final 401 again leads to no further exchange', async () => {
  await using h = await createHarness();
  let sentAgain = 0;
  h.instance.interceptors.response.use(undefined, async (error: Failed) => {
    if (error.response?.status !== 401 || error.config.again) throw error;
    error.config.again = true;
    sentAgain++;
    return h.instance(error.config);
  });
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  const error = await h.env.drive(caught(h.instance.get(me)));
  expect(error.code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
  expect(error.response!.status).toBe(401);
  expect(sentAgain).toBe(1);
  // Once refused it is not presented again, and without a usable token nothing more is sent.
  expect(h.emulator.counters).toMatchObject({ tokenRequests: 1, apiRequests: 1 });
});

test('interceptors that are ejected or added while a call is under way change nothing for that call', async () => {
  await using h = await createHarness();
  const notes: string[] = [];
  const id = h.instance.interceptors.response.use((response) => {
    notes.push('ejected');
    return response;
  });
  h.emulator.revoke();
  const call = h.instance.get(me);
  await until(() => h.emulator.counters.apiRequests === 1, 'the first attempt');
  h.instance.interceptors.response.eject(id);
  h.instance.interceptors.request.use((config) => {
    notes.push('added');
    return config;
  });
  expect((await call).status).toBe(200);
  expect(notes).toEqual(['ejected']);
  await h.instance.get(me);
  expect(notes).toEqual(['ejected', 'added']);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 3, exchanges: 1 });
});

test('detach while a call is under way lets that call end as it began', async () => {
  await using h = await createHarness();
  h.emulator.revoke();
  const call = h.instance.get(me);
  await until(() => h.emulator.counters.apiRequests === 1, 'the first attempt');
  h.procore.detach();
  expect((await call).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 1 });
  expect(asBare(await caught(h.instance.get(me))).response!.status).toBe(401);
});

/** There is no `clear` below 1.0. */
function cleared(h: Harness): AxiosInstance {
  const { request } = h.instance.interceptors as unknown as {
    request: { clear?: () => void; handlers: unknown };
  };
  if (request.clear) request.clear();
  else request.handlers = [];
  return h.instance;
}

test('interceptors.request.clear() takes the plugin away too, and detach() and a new attach bring it back', async () => {
  await using h = await createHarness();
  const instance = cleared(h);
  expect(asBare(await caught(instance.get(me))).response!.status).toBe(401);
  h.procore.detach();
  attachTo(h, instance);
  expect((await instance.get(me)).status).toBe(200);
});

test('detach after clear() leaves the interceptors alone that were registered since', async () => {
  await using h = await createHarness();
  const instance = cleared(h);
  let runs = 0;
  instance.interceptors.request.use((config) => {
    runs++;
    return config;
  });
  h.procore.detach();
  await caught(instance.get(me));
  expect(runs).toBe(1);
});

test('synchronous interceptors alone: the request is made within the call, as on a bare instance', async () => {
  await using h = await createHarness();
  const notes: string[] = [];
  const transformRequest = (data: unknown) => {
    notes.push('body');
    return JSON.stringify(data);
  };
  const call = h.instance.post(
    '/rest/v1.0/projects/1/rfis',
    { subject: 'a' },
    { transformRequest, headers: { 'Content-Type': 'application/json' } },
  );
  notes.push('called');
  await call;
  expect(notes).toEqual(['body', 'called']);
});

// Before 1.13 axios itself trips over it.
if (!below('1.19')) {
  test('a synchronous interceptor that throws keeps the call from being sent', async () => {
    await using h = await createHarness();
    const refusal = new Error('not today');
    const options = { synchronous: true };
    h.instance.interceptors.request.use(
      () => {
        throw refusal;
      },
      undefined,
      options,
    );
    expect(await caught(h.instance.get(me))).toBe(refusal);
    await settled();
    expect(h.emulator.counters.requests).toBe(0);
  });
}
