import axios from 'axios';
import { expect, test } from 'vitest';
import { canceledError } from '../../src/axios.js';

// Without this, a run on an old axios could silently be one more run on the newest.
test('these tests and the plugin run on the axios that was asked for', () => {
  expect((axios as { VERSION?: string }).VERSION).toBe(process.env['AXIOS_VERSION']);
  // What the plugin makes with its own import of axios is known to ours by identity, so both are the same copy.
  expect(canceledError({})).toBeInstanceOf(axios.CanceledError);
});
