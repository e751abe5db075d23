import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BatchError, syncInBatches } from '../../src/collections/index.js';
import { problemOf } from '../../src/failure/carried.js';
import { createHarness } from '../support/harness.js';
import { numbers, startListServer, type ListServer } from '../support/list-server.js';
import { losesAnswers, refusing } from '../support/versions.js';

const sync = '/rest/v1.0/projects/7/rfis/sync';
const rfis = '/rest/v1.0/projects/7/rfis';
const on = (server: { url: string }, defaults: AxiosRequestConfig = {}): AxiosInstance =>
  axios.create({ baseURL: server.url, proxy: false, ...defaults } as never);

interface Update {
  origin_id?: string;
  subject: string;
}
const updatesOf = (count: number): Update[] =>
  numbers(count).map((n) => ({ origin_id: `o-${n}`, subject: `s-${n}` }));

/** Answers as a sync action: items without a subject fail. */
const syncing = () =>
  startListServer(({ body }) => {
    const { updates } = JSON.parse(body) as { updates: Update[] };
    const entities = updates.filter(({ subject }) => subject);
    const errors = updates
      .filter(({ subject }) => !subject)
      .map((one) => ({ ...one, errors: { subject: ['blank'] } }));
    return { body: { entities, errors } };
  });
const sent = (server: ListServer) =>
  server.requests.map(({ body }) => (JSON.parse(body) as { updates: Update[] }).updates);

async function failed(call: Promise<unknown>): Promise<BatchError<Update>> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BatchError)) throw new Error(`no BatchError: ${String(error)}`);
  return error as BatchError<Update>;
}

test('items go in batches of 500, one after another, and come back in their order', async () => {
  await using server = await syncing();
  const updates = updatesOf(1201).map((one, index) => (index % 400 === 399 ? { ...one, subject: '' } : one));
  const progress: unknown[] = [];
  const result = await syncInBatches<Update>(on(server), sync, updates, {
    onProgress: ({ done, total, entities, errors }) =>
      progress.push([done, total, entities.length, errors.length]),
  });
  expect(result.entities).toEqual(updates.filter(({ subject }) => subject));
  expect(result.errors).toEqual(
    [399, 799, 1199].map((index) => ({ ...updates[index], errors: { subject: ['blank'] } })),
  );
  expect(sent(server).map(({ length }) => length)).toEqual([500, 500, 201]);
  expect(sent(server).flat()).toEqual(updates);
  expect(server.requests.every(({ method, path }) => method === 'PATCH' && path === sync)).toBe(true);
  expect(progress).toEqual([
    [500, 1201, 499, 1],
    [1000, 1201, 499, 1],
    [1201, 1201, 200, 1],
  ]);
});

test('nothing to send sends nothing', async () => {
  await using server = await syncing();
  expect(await syncInBatches(on(server), sync, [])).toEqual({ entities: [], errors: [] });
  expect(server.requests).toEqual([]);
});

test("the caller's configuration goes with every batch and stays as it was", async () => {
  await using server = await syncing();
  const config = {
    headers: { 'Procore-Company-Id': '5' },
    params: { dry: 1 },
    data: { project_id: 3 },
    procore: { companyId: 5 },
  };
  const before = structuredClone(config);
  const seen: unknown[] = [];
  const instance = on(server);
  instance.interceptors.request.use((request) => (seen.push(request.procore), request));
  const updates = updatesOf(3);
  await syncInBatches(instance, sync, updates, { ...config, batchSize: 2 });
  expect([config, updates]).toEqual([before, updatesOf(3)]);
  for (const { headers, query, body } of server.requests) {
    expect([headers['procore-company-id'], query.toString()]).toEqual(['5', 'dry=1']);
    expect(JSON.parse(body)).toMatchObject({ project_id: 3 });
  }
  expect(seen).toEqual([
    { companyId: 5, idempotent: true },
    { companyId: 5, idempotent: true },
  ]);
});

test('a batch is idempotent only where each of its items has an id or an origin_id, unless the caller says otherwise', async () => {
  await using server = await syncing();
  const seen: unknown[] = [];
  const instance = on(server);
  instance.interceptors.request.use((request) => (seen.push(request.procore?.idempotent), request));
  const updates = [
    [{ id: 1 }, { origin_id: 'a' }],
    [{ id: '9007199254740993' }, { name: 'new' }],
    [{ id: null }, { id: 2 }],
    [{ origin_id: '' }, { id: 2 }],
    [{ id: 0 }, { id: 2n.toString() }],
  ].flat();
  await syncInBatches(instance, sync, updates, { batchSize: 2 });
  expect(seen).toEqual([true, undefined, undefined, undefined, true]);
  seen.length = 0;
  await syncInBatches(instance, sync, updates.slice(0, 4), { batchSize: 2, procore: { idempotent: false } });
  await syncInBatches(instance, sync, updates.slice(0, 4), { batchSize: 2, procore: { idempotent: true } });
  expect(seen).toEqual([false, false, true, true]);
});

test('each batch has an idempotency token of its own, by which a batch of items without ids is repeated', async () => {
  await using h = await createHarness();
  const updates = [{ subject: 'a' }, { subject: 'b' }, { subject: 'c' }];
  for (const idempotencyToken of ['nightly', true] as const) {
    h.emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
    const options = { batchSize: 2, procore: { idempotencyToken } };
    const { entities } = await h.env.drive(syncInBatches(h.instance, sync, updates, options));
    expect(entities).toHaveLength(3);
  }
  const [first, again, second, ...random] = h.emulator.log.map(({ idempotencyToken }) => idempotencyToken);
  expect([first, again, second]).toEqual(['nightly-1', 'nightly-1', 'nightly-2']);
  expect([random.length, new Set(random).size]).toEqual([3, 2]);
  expect((await h.instance.get<unknown[]>(rfis)).data).toHaveLength(6);
});

test('a header Idempotency-Token gets the number of the batch, too: batches are different writes', async () => {
  await using h = await createHarness();
  const headers = { 'idempotency-token': 'nightly', 'X-Own': 'kept' };
  const options = { batchSize: 2, headers };
  const { entities } = await syncInBatches(h.instance, sync, updatesOf(3), options);
  expect(entities).toHaveLength(3);
  expect(h.emulator.log.map(({ idempotencyToken }) => idempotencyToken)).toEqual(['nightly-1', 'nightly-2']);
  expect(headers).toEqual({ 'idempotency-token': 'nightly', 'X-Own': 'kept' });
});

describe('a batch that fails outright is a BatchError with what was done and what was not', () => {
  const statuses = [
    [422, false],
    [401, false],
    [429, false],
    [500, true],
    [504, true],
  ] as const;
  test.each(losesAnswers ? [] : statuses)(
    'status %i on an instance that is not attached (may have run: %s)',
    async (status, isUnsure) => {
      await using server = await startListServer(({ index, body }) =>
        index === 1
          ? { status, body: { message: 'no' } }
          : { body: { entities: (JSON.parse(body) as { updates: unknown[] }).updates, errors: [] } },
      );
      const updates = updatesOf(5);
      const error = await failed(syncInBatches(on(server), sync, updates, { batchSize: 2 }));
      expect(error.entities).toEqual(updates.slice(0, 2));
      expect([error.done, error.maybeDone, error.notDone]).toEqual([
        updates.slice(0, 2),
        isUnsure ? updates.slice(2, 4) : [],
        updates.slice(isUnsure ? 4 : 2),
      ]);
      expect(error.cause).toMatchObject({ isAxiosError: true, response: { status } });
      expect(error.message).toBe(
        `axios-procore/collections: batch 2 of 3 (items 3 to 4 of 5) of PATCH ${sync}: Request failed with status code ${status}. ${isUnsure ? 'The server may have carried it out' : 'It was not carried out'}. No batch after it was sent.`,
      );
      expect(server.requests).toHaveLength(2);
    },
  );

  test('a refused connection, which cannot have run, and a lost one, which can', async () => {
    const refused = await failed(syncInBatches(on({ url: refusing }), sync, updatesOf(2)));
    expect([refused.maybeDone.length, refused.notDone.length]).toEqual([0, 2]);
    await using server = await startListServer(() => ({ drop: true }));
    const lost = await failed(syncInBatches(on(server), sync, updatesOf(2)));
    expect([lost.maybeDone.length, lost.notDone.length]).toEqual([2, 0]);
  });

  test('a time-out, an answer that is none, and a status that validateStatus accepts', async () => {
    await using silent = await startListServer(async ({ hungUp }) => (await hungUp, {}));
    const late = await failed(syncInBatches(on(silent), sync, updatesOf(2), { timeout: 50 }));
    expect(late.maybeDone).toHaveLength(2);
    await using server = await startListServer(({ index }) =>
      index === 0 ? { body: '<html>' } : { status: 422, body: { errors: [] } },
    );
    const none = await failed(syncInBatches(on(server), sync, updatesOf(2)));
    expect([none.maybeDone.length, none.message]).toEqual([
      2,
      expect.stringContaining('neither "entities" nor "errors"'),
    ]);
    const accepted = await failed(
      syncInBatches(on(server, { validateStatus: () => true }), sync, updatesOf(2)),
    );
    expect([accepted.notDone.length, accepted.message]).toEqual([2, expect.stringContaining('status 422')]);
  });

  test('what onProgress throws, after the batch that it was told of', async () => {
    await using server = await syncing();
    const thrown = new Error('disk full');
    const onProgress = async () => Promise.reject(thrown);
    const error = await failed(syncInBatches(on(server), sync, updatesOf(5), { batchSize: 2, onProgress }));
    expect([error.done.length, error.maybeDone.length, error.notDone.length]).toEqual([2, 0, 3]);
    expect(error.cause).toBe(thrown);
    expect(error.message).toContain('batch 1 of 3 (items 1 to 2 of 5)');
    expect(error.message).toContain('onProgress threw: disk full. No batch after it was sent.');
  });

  test('an abort between two batches, and one while a batch is under way', async () => {
    const between = new AbortController();
    await using server = await syncing();
    const error = await failed(
      syncInBatches(on(server), sync, updatesOf(5), {
        batchSize: 2,
        signal: between.signal,
        onProgress: () => between.abort(),
      }),
    );
    expect(axios.isCancel(error.cause)).toBe(true);
    expect([error.done.length, error.maybeDone.length, error.notDone.length]).toEqual([2, 0, 3]);
    expect(server.requests).toHaveLength(1);

    const source = axios.CancelToken.source();
    await using silent = await startListServer(async ({ hungUp }) => {
      source.cancel('the user left');
      await hungUp;
      return {};
    });
    const midway = await failed(
      syncInBatches(on(silent), sync, updatesOf(5), { batchSize: 2, cancelToken: source.token }),
    );
    expect(axios.isCancel(midway.cause)).toBe(true);
    expect([midway.done.length, midway.maybeDone.length, midway.notDone.length]).toEqual([0, 2, 3]);
  });

  test('its text and JSON have counts, no items, and no header of the call', async () => {
    await using server = await startListServer(() => ({ status: 500 }));
    const headers = { Authorization: 'Bearer very-secret' } as never;
    const error = await failed(syncInBatches(on(server, { headers }), sync, updatesOf(3)));
    const shown = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)} ${inspect({ error }, { depth: 9 })}`;
    expect(shown).not.toMatch(/very-secret|s-1/);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      code: 'ERR_PROCORE_BATCH_FAILED',
      maybeDone: 3,
      notDone: 0,
    });
  });
});

describe('attached, on the emulator', () => {
  test('partial failures, and a second run that changes nothing', async () => {
    await using h = await createHarness();
    const updates = [...updatesOf(3), { origin_id: 'bad', subject: '' }];
    for (let run = 0; run < 2; run++) {
      const { entities, errors } = await syncInBatches<Update>(h.instance, sync, updates, { batchSize: 2 });
      expect(entities.map(({ origin_id: id }) => id)).toEqual(['o-1', 'o-2', 'o-3']);
      expect(errors).toEqual([{ origin_id: 'bad', subject: '', errors: { subject: ["can't be blank"] } }]);
    }
    expect((await h.instance.get<unknown[]>(rfis)).data).toHaveLength(3);
  });

  test('a batch whose answer is lost is repeated where its items have an origin_id', async () => {
    await using h = await createHarness();
    h.emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
    const { entities } = await h.env.drive(syncInBatches(h.instance, sync, updatesOf(3)));
    expect(entities).toHaveLength(3);
    expect(h.emulator.counters.apiRequests).toBe(2);
    expect((await h.instance.get<unknown[]>(rfis)).data).toHaveLength(3);
  });

  test('and is not where one has none: the error says that it may have run', async () => {
    await using h = await createHarness();
    h.emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
    const updates = [...updatesOf(2), { subject: 'new' }];
    const error = await failed(h.env.drive(syncInBatches(h.instance, sync, updates)));
    expect(error.maybeDone).toEqual(updates);
    expect(problemOf(error)).toMatchObject({
      kind: 'connection-lost',
      mayHaveRun: 'maybe',
      gaveUp: 'may-have-run',
    });
    expect((await h.instance.get<unknown[]>(rfis)).data).toHaveLength(3);
  });

  test('a refusal that did not run is told so, with its problem', async () => {
    await using h = await createHarness();
    h.emulator.misbehave({
      on: 'api',
      do: { kind: 'answer', status: 403, body: { message: 'You may not' } },
    });
    const error = await failed(syncInBatches(h.instance, sync, updatesOf(2)));
    expect([error.notDone.length, problemOf(error)?.kind]).toEqual([2, 'forbidden']);
  });

  test('answers that an interceptor unwraps', async () => {
    await using h = await createHarness();
    h.instance.interceptors.response.use(({ data }) => data as never);
    expect((await syncInBatches(h.instance, sync, updatesOf(2))).entities).toHaveLength(2);
  });
});

test('entities of a v2 envelope', async () => {
  await using server = await startListServer(() => ({
    body: { data: { entities: [{ id: 'a' }], errors: [] } },
  }));
  expect(await syncInBatches(on(server), sync, updatesOf(1))).toEqual({
    entities: [{ id: 'a' }],
    errors: [],
  });
});
