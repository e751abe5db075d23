/** One of several processes on a two-callback file store without a lock: makes one call when it is told to. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import axios from 'axios';
import { attachProcore } from '../../src/attach/attach.js';
import type { TokenSet } from '../../src/store/store.js';

const [url, file, saveMs] = process.argv.slice(2) as [string, string, string];
const said: string[] = [];
const say = (message: string) => void said.push(message);

const instance = axios.create({ baseURL: url, proxy: false });
const procore = attachProcore(instance, {
  clientId: 'emulator-client',
  clientSecret: 'emulator-secret',
  environment: { loginUrl: url, apiUrl: url },
  store: {
    load: () => JSON.parse(readFileSync(file, 'utf8')) as TokenSet,
    async save(tokens) {
      await new Promise((resolve) => setTimeout(resolve, Number(saveMs)));
      writeFileSync(`${file}.${process.pid}`, JSON.stringify(tokens));
      renameSync(`${file}.${process.pid}`, file);
    },
  },
  logger: { debug: say, info: say, warn: say, error: say },
});

process.on('message', () => {
  void (async () => {
    const outcome = await instance.get('/rest/v1.0/me').then(
      ({ status }) => ({ status }),
      (error: { code?: string; message?: string }) => ({ code: error.code, message: error.message }),
    );
    await procore.idle();
    process.send!({
      ...outcome,
      refreshToken: (JSON.parse(readFileSync(file, 'utf8')) as TokenSet).refresh_token,
      said,
    });
    process.disconnect();
  })();
});
process.send!('ready');
