import { describe, expect, test } from 'vitest';
import { askUntilVerdict, type Persistence } from '../../../../src/token/endpoint/until-verdict.js';
import { createManualEnv } from '../../../support/manual-env.js';

type Said = { kind: string; waitMs?: number; final?: true };

/** What it came to, when each request was sent, and how long its answer might take. */
async function run(said: Said[], more: Partial<Persistence<Said>> = {}, chance = 0) {
  const env = createManualEnv(0);
  env.chance = chance;
  const sent: [atMs: number, answerTimeoutMs: number][] = [];
  const abort = new AbortController();
  const work = askUntilVerdict(
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

test('where the time is over before it is sent, it is not sent', async () => {
  const { sent, verdict } = await run([{ kind: 'revoked' }], { endsAtMs: 10_000 });
  expect([sent.length, verdict.kind]).toEqual([0, 'no-time']);
});

test('a final failure, and one after which nobody wants another request, end it', async () => {
  const final = await run([{ kind: 'not-sent', final: true }]);
  const unwanted = await run([{ kind: 'not-sent' }], { maySendAgain: () => false });
  expect([final.sent.length, unwanted.sent.length, unwanted.sleeping]).toEqual([1, 1, 0]);
});

test('it ends after a wait by whose end nobody wants another request', async () => {
  let asked = 0;
  const { sent } = await run([{ kind: 'not-sent' }], { maySendAgain: () => ++asked < 2 });
  expect([sent.length, asked]).toEqual([1, 2]);
});

describe('at the gate of the login host', () => {
  function gateThat(waits: ({ untilMs?: number } | undefined)[]) {
    const ended: string[] = [];
    const gate = { wait: async () => waits.shift(), ended: ({ kind }: Said) => void ended.push(kind) };
    return { gate, ended };
  }

  test('each request passes it, and it hears what each came to', async () => {
    const { gate, ended } = gateThat([]);
    await run([{ kind: 'not-sent' }, { kind: 'revoked' }], { gate });
    expect(ended).toEqual(['not-sent', 'revoked']);
  });

  test('the wait of a busy server is waited out there alone', async () => {
    const { gate } = gateThat([]);
    const { sent } = await run([{ kind: 'busy', waitMs: 60_000 }, { kind: 'revoked' }], { gate });
    expect(sent.map(([atMs]) => atMs)).toEqual([0, 0]);
  });

  test('what it never let through is not sent, and says why', async () => {
    const { gate } = gateThat([{ untilMs: 99_000 }]);
    const { sent, verdict } = await run([{ kind: 'revoked' }], { gate });
    expect(sent).toEqual([]);
    expect(verdict).toMatchObject({ kind: 'blocked', retryAtMs: 99_000 });
    expect((verdict as { why?: string }).why).toMatch(/has turned away requests of this client/);
  });

  test('what it does not let through again keeps the verdict of the server', async () => {
    const { gate } = gateThat([undefined, { untilMs: 99_000 }]);
    const { verdict } = await run([{ kind: 'busy' }], { gate });
    expect(verdict).toEqual({ kind: 'busy', retryAtMs: 99_000 });
  });
});
