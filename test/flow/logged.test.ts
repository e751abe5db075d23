import { expect, test } from 'vitest';
import type { LogFields, Logger } from '../../src/options/options.js';
import { createHarness, type Harness } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;

interface Line {
  level: string;
  text: string;
  fields: LogFields;
}

/** An attached instance whose first call has been made; `lines` is what was logged after that, at the levels that are not `quiet`. */
async function logged(quiet: string[] = []): Promise<{ h: Harness & AsyncDisposable; lines: Line[] }> {
  const lines: Line[] = [];
  const at = (level: string) => (text: string, fields: LogFields) => void lines.push({ level, text, fields });
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    isLevelEnabled: (level) => !quiet.includes(level),
  };
  const h = await createHarness({ options: { logger } });
  await h.instance.get(me);
  lines.length = 0;
  return { h, lines };
}

test('one 429 with Retry-After: 5 says at info why there are five silent seconds, and for which call', async () => {
  const { h, lines } = await logged(['debug']);
  await using _ = h;
  h.emulator.misbehave({
    on: 'api',
    do: { kind: 'answer', status: 429, headers: { 'retry-after': '5' } },
  });
  await h.env.drive(h.instance.get(`${me}?secret=1`));
  const { host } = new URL(h.emulator.url);
  expect(lines).toEqual([
    {
      level: 'info',
      text: expect.stringMatching(
        new RegExp(`waits 5 s for the rate limit with attempt 2, no calls are before it: GET ${host} ${me} `),
      ),
      fields: expect.objectContaining({ event: 'request-waiting', host, method: 'GET', path: me, before: 0 }),
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('of the calls behind a closed gate the first tells of it at info, the others at debug', async () => {
  const { h, lines } = await logged();
  await using _ = h;
  h.emulator.misbehave({
    on: 'api',
    do: { kind: 'answer', status: 429, headers: { 'retry-after': '3' } },
  });
  const first = h.instance.get(me);
  await until(() => lines.some(({ fields }) => fields.event === 'request-waiting'), 'the wait');
  const others = [h.instance.get(me), h.instance.get(me)];
  await h.env.drive(Promise.all([first, ...others]));
  const waits = lines.filter(({ fields }) => fields.event === 'request-waiting');
  expect(waits.map(({ level, fields }) => [level, fields['before']])).toEqual([
    ['info', 0],
    ['debug', 1],
    ['debug', 2],
  ]);
});

test('each call tells its story at debug, in lines that its callId joins', async () => {
  const { h, lines } = await logged();
  await using _ = h;
  h.env.chance = 0.5;
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 500 } });
  await h.env.drive(h.instance.get(me));
  expect(lines.map(({ level, fields }) => [level, fields.event])).toEqual([
    ['debug', 'request-waiting'],
    ['debug', 'request-retried'],
    ['debug', 'request-settled'],
  ]);
  const ids = new Set(lines.map(({ fields }) => fields['callId']));
  expect(ids.size).toBe(1);
  for (const { text } of lines) expect(text).toContain(`callId="${[...ids][0]}"`);
});

test('a write that is sent again is told at info', async () => {
  const { h, lines } = await logged(['debug']);
  await using _ = h;
  h.env.chance = 0.5;
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503 } });
  await h.env.drive(h.instance.put('/rest/v1.0/projects/1/rfis/1', {}).catch(() => undefined));
  expect(lines.map(({ level, fields }) => [level, fields.event])).toEqual([['info', 'request-retried']]);
  expect(lines[0]!.text).toContain('sends attempt 2, after 503: PUT ');
});

test('a call that has waited for its token for more than 5 s tells so at info where it ends', async () => {
  const { h, lines } = await logged(['debug']);
  await using _ = h;
  h.env.jump(life + 1);
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const call = h.instance.get(me);
  await held.struck();
  await h.env.advance(6_000);
  held.release();
  await h.env.drive(call);
  const told = lines.filter(({ fields }) => fields.event.startsWith('request-'));
  expect(told.map(({ level, text }) => [level, text])).toEqual([
    ['info', expect.stringMatching(/answered with 200 after 6(\.\d)? s, 6(\.\d)? s of it waiting: GET /)],
  ]);
});
