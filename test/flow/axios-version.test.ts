import axios from 'axios';
import { expect, test } from 'vitest';
import { canceledError } from '../../src/axios/versions.js';
import { createAxiosCopies, ownCopy } from '../../src/axios/copies.js';
import { startEcho } from '../support/echo.js';
import { twoCopies } from '../support/versions.js';

// Without this, a run on an old axios could silently be one more run on the newest.
test('these tests and the plugin run on the axios that was asked for', async () => {
  const { VERSION: told, CanceledError = axios.Cancel } = axios as unknown as Partial<typeof axios>;
  // 0.21 tells on the wire only.
  expect(told ?? (await versionOnTheWire())).toBe(process.env['AXIOS_VERSION']);
  // What the plugin makes with its own import of axios is known to ours by identity, so both are the same copy, unless two are asked for.
  const isOwn = canceledError(ownCopy, {}) instanceof CanceledError;
  expect(isOwn).toBe(!twoCopies);
  expect(createAxiosCopies().of(axios) === ownCopy).toBe(isOwn);
});

async function versionOnTheWire(): Promise<string | undefined> {
  await using echo = await startEcho();
  await axios.get(echo.url, { proxy: false });
  return echo.arrived[0]!.headers['user-agent']?.replace('axios/', '');
}
