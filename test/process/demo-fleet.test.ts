import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { demo } from '../support/demo.js';
import { root } from '../support/packed.js';

beforeAll(() => {
  if (!existsSync(join(root, 'dist/esm/index.js'))) {
    throw new Error('There is no built package: run "npm run build" before these tests.');
  }
});

test.for([
  ['four', 4, 'file', 'apart'],
  ['eight', 8, 'redis', 'together'],
  ['four', 4, 'postgres', 'apart'],
] as const)(
  'a fleet of %s processes under one limit goes well, and says so (%i on the %s store, paced %s)',
  async ([, workers, store, pacing], { skip, onTestFinished }) => {
    const folder = mkdtempSync(join(tmpdir(), 'axios-procore-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const html = join(folder, 'page.html');
    // Tokens that live longer than a call takes on a machine with other things to do.
    const length = '--duration 20 --lifetime 5 --requests 1000'.split(' ');
    const args = ['--workers', String(workers), '--store', store, ...length];
    const { code, stdout, stderr } = await demo([...args, '--html', html]);
    const required = process.env['AXIOS_PROCORE_REQUIRE_SERVERS'] === '1';
    if (!required && /: there is no server/.test(stderr)) return skip(stderr.trim());
    expect(`${stdout}${stderr}`).not.toContain('NOT GOOD');
    expect(stdout).toMatch(new RegExp(`workers / store\\D+${workers} / ${store}`));
    expect(stdout).toMatch(/succeeded\D+1000\b/);
    expect(stdout).toMatch(/failed\D+0\b/);
    const seconds = Number(/duration\D+([\d.]+) s/.exec(stdout)?.[1]);
    const renewals = Number(/renewals\D+(\d+)\b/.exec(stdout)?.[1]);
    expect(renewals).toBeGreaterThanOrEqual(3);
    // Nine in the twenty seconds that it is to take. A machine with other things to do takes longer, and more tokens expire.
    expect(renewals).toBeLessThanOrEqual(Math.max(9, 0.9 * seconds));
    expect(stdout).toMatch(/presentations of a spent token\D+0\b/);
    expect(code).toBe(0);

    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toBe(
      `${workers} processes with the plugin and one token in the ${store} store make 1000 calls, 50 at a time, to an emulated Procore on this machine, for about 20 s.`,
    );
    for (const sentence of [
      /^ +[\d.]+ s  The first access token neared its end: worker \d renewed it, and the other workers take /m,
      /^ +[\d.]+ s  The answer to a token request was lost: worker \d presented the same refresh token again /m,
      /^ +[\d.]+ s  The API was down for [\d.]+ s: \d+ requests? got a 503, and (each worker|all workers) held /m,
      /^ +[\d.]+ s  The access token was revoked on the server: worker \d renewed it once for all, /m,
      /^ +[\d.]+ s  All workers together have sent the \d+ calls in [\d.]+ s that the limit allows: /m,
      /^(About the 401s: .*; none of them failed|No call got a 401)\.$/m,
    ]) {
      expect(stdout).toMatch(sentence);
    }
    const ofEach = /│ 401s by worker +│ +([\d+ ]+?) +│/.exec(stdout)?.[1]?.split(' + ').map(Number);
    expect(ofEach).toHaveLength(workers);
    expect(ofEach!.reduce((sum, count) => sum + count)).toBe(
      Number(/401s seen by the server\D+(\d+)/.exec(stdout)?.[1]),
    );
    if (pacing === 'together') {
      expect(stdout).toContain('The limit is one for all processes, and they pace together: ');
      // On a busy machine Redis may take so long to answer one of them that it paces alone for a time.
      expect(stdout.replaceAll('\n', ' ')).toMatch(
        /About the (limit: the workers used up \d+ windows? of the limit, and no call got a 429\.|429s: .*: Redis did not answer worker \d.* in time, and who has no answer paces alone\.)/,
      );
    } else {
      expect(stdout).toContain('but each paces by its own answers only: ');
      expect(stdout).toMatch(/^About the (429s|limit): the workers used up \d+ windows? of the limit, and /m);
    }
    const numberOf = (name: string) => new RegExp(`│ ${name} +│ +(\\d+) `).exec(stdout)?.[1];
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(
      `==================== 1000/1000 calls | ${numberOf('renewals')} renewals, ${numberOf('adopted from the store')} adopted | 401s: ${numberOf('401s seen by the server')}, 429s: ${numberOf('429s seen by the server')}, 503s: ${numberOf('503s of the outage')} | done`,
    );
    expect(lines.at(-1)).toBe(
      `How healthy Procore would find the calls with the plugin, those that the surprises met included, is on a page for your browser: ${html}`,
    );
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/i);
  },
);

test.each([
  ['redis', /^error: --store redis: there is no server: set REDIS_URL, or install redis-server$/],
  // Debian's PostgreSQL is found without PATH; a URL at which nobody answers is no server either.
  ['postgres', /^error: --store postgres: .*ECONNREFUSED/],
])('a %s server that is not there gets one line', async (store, line) => {
  const env = { PATH: '', REDIS_URL: '', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
  const { code, stdout, stderr } = await demo(['--workers', '2', '--store', store], { env });
  expect(stderr.trim()).toMatch(line);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

test('Ctrl-C ends a fleet too, and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-test-'));
  try {
    const args = ['--workers', '3', '--store', 'file', '--duration', '30'];
    const { code, stdout, stderr } = await demo(args, { interrupt: true, env: { TMPDIR: folder } });
    expect(stdout).toContain('Stopped before the end');
    expect(stderr).not.toMatch(/error|warning/i);
    expect(code).toBe(130);
    expect(readdirSync(folder).filter((name) => name.startsWith('axios-procore-demo-'))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
