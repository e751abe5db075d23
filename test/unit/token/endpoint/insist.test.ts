import { expect, test } from 'vitest';
import { insist, type Insistence } from '../../../../src/token/endpoint/insist.js';
import { createManualEnv } from '../../../support/manual-env.js';

type Said = { kind: string; waitMs?: number };

/** What it came to, when each request was sent, and how long its answer might take. */
async function run(said: Said[], more: Partial<Insistence> = {}, chance = 0) {
  const env = createManualEnv(0);
  env.chance = chance;
  const sent: [atMs: number, answerTimeoutMs: number][] = [];
  const abort = new AbortController();
  const work = insist(
    env,
    {
      endsAtMs: 85_000,
      answerTimeoutMs: 60_000,
      leastAnswerMs: 20_000,
      resends: 2,
      signal: abort.signal,
      ...more,
    },
    async (answerTimeoutMs) => {
      sent.push([env.now(), answerTimeoutMs]);
      return said[sent.length - 1] ?? said.at(-1)!;
    },
  );
  const verdict = await env.drive(work, 500);
  return { verdict, sent, sleeping: env.sleeping };
}

test('a verdict ends it at once', async () => {
  expect(await run([{ kind: 'revoked' }])).toEqual({
    verdict: { kind: 'revoked' },
    sent: [[0, 60_000]],
    sleeping: 0,
  });
});

test('what was not sent is sent after 0.5, 1, 2 s and so on', async () => {
  const { sent, verdict } = await run([
    { kind: 'not-sent' },
    { kind: 'not-sent' },
    { kind: 'busy' },
    { kind: 'renewed' },
  ]);
  expect(sent.map(([atMs]) => atMs)).toEqual([0, 500, 1_500, 3_500]);
  expect(verdict.kind).toBe('renewed');
});

test("the server's own wait counts where it is longer", async () => {
  const { sent } = await run([{ kind: 'busy', waitMs: 7_000 }, { kind: 'busy', waitMs: 1 }, { kind: 'x' }]);
  expect(sent.map(([atMs]) => atMs)).toEqual([0, 7_000, 8_000]);
});

test.each([0, 2])('what may have been carried out is sent again %i times', async (resends) => {
  const { sent, verdict } = await run([{ kind: 'perhaps-spent' }], { resends });
  expect([sent.length, verdict.kind]).toEqual([resends + 1, 'perhaps-spent']);
});

test('it ends while there is time for an answer, and no answer may take longer than is left', async () => {
  const { sent, verdict } = await run([{ kind: 'not-sent' }]);
  const [lastAtMs, lastTimeoutMs] = sent.at(-1)!;
  expect(lastAtMs).toBeLessThanOrEqual(65_000);
  expect(lastAtMs + lastTimeoutMs).toBe(85_000);
  expect(verdict.kind).toBe('not-sent');
});

test('a wait that does not fit is not begun: it says when', async () => {
  const { sent, verdict } = await run([{ kind: 'busy', waitMs: 120_000 }]);
  expect([sent.length, verdict.retryAtMs]).toEqual([1, 120_000]);
});

test('an abort ends it', async () => {
  const { sent, sleeping } = await run([{ kind: 'not-sent' }], { signal: AbortSignal.abort() });
  expect([sent.length, sleeping]).toEqual([1, 0]);
});

test('the server’s own wait becomes up to a tenth longer, and never shorter', async () => {
  const said = [{ kind: 'busy', waitMs: 10_000 }, { kind: 'revoked' }];
  expect((await run(said, {}, 1)).sent.map(([atMs]) => atMs)).toEqual([0, 11_000]);
  expect((await run(said, {}, 0.5)).sent.map(([atMs]) => atMs)).toEqual([0, 10_500]);
});

test('only a server that is busy says when it wants to be asked again', async () => {
  const { verdict } = await run([{ kind: 'not-sent' }]);
  expect(verdict).toEqual({ kind: 'not-sent' });
  const busy = await run([{ kind: 'busy', waitMs: 120_000 }]);
  expect(busy.verdict).toEqual({ kind: 'busy', waitMs: 120_000, retryAtMs: 120_000 });
});
