// What each runner does, in CommonJS and in ES modules alike. A runner such as Jest evaluates all of it in a realm of its own, whose `Error`,
// `Buffer` and `AbortSignal` may be others than those of Node's own modules.
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** The tests by their titles, and what is to be done after each. */
exports.stepsOf = ({ assert, axios, procore, emulating, files }) => {
  const ends = [];

  async function connect({ store, ...options } = {}) {
    const emulator = await emulating.startEmulator(options);
    ends.push(() => emulator.close());
    const api = axios.create({ baseURL: emulator.url, proxy: false });
    const handle = procore.attachProcore(api, {
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      environment: emulator.environment,
      store: store ?? procore.memoryTokenStore(emulator.issue()),
      companyId: '562949953421401',
    });
    return { api, emulator, handle };
  }

  const failureOf = (call) =>
    call.then(
      () => assert.fail('it succeeded'),
      (error) => error,
    );

  const tests = {
    async 'calls on an expired token are renewed for once'() {
      const { api, emulator } = await connect();
      emulator.expire();
      const answers = await Promise.all(Array.from({ length: 5 }, () => api.get('/rest/v1.0/me')));
      assert.deepStrictEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200, 200],
      );
      assert.strictEqual(emulator.counters.exchanges, 1);
    },

    async 'a failed renewal is an Error of its class'() {
      const { api, emulator, handle } = await connect();
      emulator.revokeGrant(await handle.getAccessToken());
      const error = await failureOf(api.get('/rest/v1.0/me'));
      assert.ok(error instanceof Error);
      assert.ok(error instanceof procore.ReauthenticationRequiredError);
      assert.ok(procore.isProcoreError(error));
      assert.strictEqual(error.code, 'ERR_PROCORE_REAUTHENTICATION_REQUIRED');
    },

    async 'a refused write is an error of axios that says what is wrong'() {
      const { api } = await connect();
      const error = await failureOf(api.post('/rest/v1.0/projects/7/rfis', {}));
      assert.ok(axios.isAxiosError(error));
      assert.strictEqual(procore.problemOf(error).kind, 'unprocessable');
      assert.deepStrictEqual(error.response.data, { errors: { subject: ["can't be blank"] } });
    },

    async 'a server that is away is named by its code, which comes from a realm of Node'() {
      const { api, emulator } = await connect();
      await emulator.close();
      const error = await failureOf(
        api.post('/rest/v1.0/projects/7/rfis', {}, { procore: { retry: false } }),
      );
      assert.strictEqual(error.code, 'ECONNREFUSED');
      assert.strictEqual(procore.problemOf(error).kind, 'connection-refused');
      assert.strictEqual(procore.problemOf(error).mayHaveRun, 'no');
    },

    async 'an abort ends a call, and one that waits'() {
      const { api, emulator } = await connect();
      for (const on of ['api', 'token']) {
        const fault = emulator.misbehave({ on, do: { kind: 'hang' } });
        const controller = new AbortController();
        const call = failureOf(api.get('/rest/v1.0/me', { signal: controller.signal }));
        await fault.struck();
        controller.abort();
        assert.ok(axios.isCancel(await call));
        emulator.expire();
      }
    },

    async 'bodies of every kind arrive, and again after a 401'() {
      const arrived = [];
      const routes = { 'POST /rest/v1.0/things': ({ body }) => void arrived.push(body) };
      const { api, emulator } = await connect({ routes });
      const text = JSON.stringify({ a: 1 });
      const bytes = new TextEncoder().encode(text);
      for (const body of [
        Buffer.from(text),
        bytes,
        bytes.buffer,
        { a: 1 },
        new URLSearchParams({ a: '1' }),
      ]) {
        emulator.revoke();
        await api.post('/rest/v1.0/things', body);
      }
      assert.deepStrictEqual(arrived, [text, text, text, text, 'a=1']);
      const form = new FormData();
      form.set('company_id', '9');
      emulator.revoke();
      await api.post('/rest/v1.0/things', form);
      assert.match(arrived[5], /name="company_id"/);
    },

    async 'the file store keeps what was renewed, behind its lock'() {
      const folder = mkdtempSync(join(tmpdir(), 'axios-procore-runner-'));
      ends.push(() => rmSync(folder, { recursive: true }));
      const store = files.fileTokenStore({ file: join(folder, 'tokens.json') });
      const { api, emulator, handle } = await connect({ store });
      assert.strictEqual(await store.load('default'), undefined);
      await handle.setTokens(emulator.issue());
      emulator.expire();
      assert.strictEqual((await api.get('/rest/v1.0/me')).status, 200);
      assert.ok(emulator.isLive((await store.load('default')).access_token));
    },
  };

  return {
    tests,
    async end() {
      for (const end of ends.splice(0).reverse()) await end();
    },
  };
};
