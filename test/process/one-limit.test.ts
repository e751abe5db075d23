import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { windowsTogether, type AloneSpan } from '../../examples/demo/windows-together.js';
import { replyMs } from '../../src/pacing/asking.js';
import { openLine } from '../stores/support/redis-line.js';
import { startOwnRedis, type OwnRedisServer } from '../stores/support/redis-server.js';
import { startLimited, type Fleet } from './support/limited-fleet.js';
import { aloneSpans } from './support/paced-alone.js';
import { until } from './support/until.js';

const spike = { limit: 25, windowSeconds: 2 };
const emulator = { rateLimits: { spike } };

let redis: OwnRedisServer | undefined;
beforeEach(async ({ skip }) => {
  redis = await startOwnRedis();
  if (!redis) skip('no redis-server here');
});
afterEach(() => redis?.stop());

const ended = (fleet: Fleet) => Object.values(fleet.outcomes()).reduce((sum, count) => sum + count, 0);
const spansOf = (fleet: Fleet) => fleet.members.map(({ reports }) => aloneSpans(reports));

/**
 * There are windows in which all paced together. Each 429 is owed to a process that paced alone at that time, and each that did so had a
 * question without a reply for as long as that takes: on a busy machine a process may wait so long for one.
 */
async function expectPacedTogether(
  fleet: Fleet,
  isOfOutage: (span: AloneSpan) => boolean = () => false,
): Promise<void> {
  const spans = spansOf(fleet).flat();
  const together = windowsTogether(await fleet.windows(), spans);
  expect(together.length).toBeGreaterThan(0);
  expect(together.filter(({ refused }) => refused.length > 0)).toEqual([]);
  const others = spans.filter((span) => !isOfOutage(span));
  expect(others.filter(({ unansweredMs }) => unansweredMs < 0.9 * replyMs)).toEqual([]);
}

const begin = (fleet: Fleet, calls: number, members = fleet.members) =>
  members.map((member) => member.begin({ calls, concurrency: 5 }));

describe('processes under one limit of 25 calls in 2 s', () => {
  test('eight of them make 400 calls, and two others 60 after them: no 429, from the first call on, on both clients', async () => {
    await using fleet = await startLimited({ redisUrl: redis!.url, members: 10, emulator });
    await Promise.all(begin(fleet, 50, fleet.members.slice(0, 8)));
    expect(fleet.outcomes()).toEqual({ 200: 400 });
    await Promise.all(begin(fleet, 30, fleet.members.slice(8)));
    expect(fleet.outcomes()).toEqual({ 200: 460 });
    const { calls, refused, unanswered } = await fleet.seen();
    expect([calls - refused.length, unanswered]).toEqual([460, []]);
    await expectPacedTogether(fleet);
    // Nothing that the pacing has begun keeps a process alive.
    await Promise.all(fleet.members.map((member) => member.end()));
  });

  test('the same where the clocks of their machines are minutes apart', async () => {
    await using fleet = await startLimited({
      redisUrl: redis!.url,
      members: 4,
      emulator,
      clockMs: (index) => (index - 1) * 600_000,
    });
    await Promise.all(begin(fleet, 40));
    expect(fleet.outcomes()).toEqual({ 200: 160 });
    await expectPacedTogether(fleet);
  });

  test('Redis is killed in the middle and started again with nothing in it: no call fails, and there are 429s only while some process paces alone and in the window after that', async () => {
    await using fleet = await startLimited({ redisUrl: redis!.url, members: 8, emulator });
    const all = Promise.all(begin(fleet, 50));
    await until(() => ended(fleet) >= 100, '100 answers');
    await expectPacedTogether(fleet);
    redis!.signal('SIGKILL');
    const areAlone = () =>
      spansOf(fleet).every((spans) => spans.length > 0 && spans.at(-1)!.untilMs === undefined);
    await until(() => ended(fleet) >= 150 && areAlone(), '50 answers more, and everybody alone');
    const awayMs = Date.now();
    await redis!.restart();
    await all;
    expect(fleet.outcomes()).toEqual({ 200: 400 });
    const isOfOutage = ({ fromMs, untilMs = Infinity }: AloneSpan) => fromMs <= awayMs && untilMs >= awayMs;
    const ends = spansOf(fleet)
      .flat()
      .filter(isOfOutage)
      .map(({ untilMs }) => untilMs);
    expect([ends.length, ends.includes(undefined)]).toEqual([8, false]);
    await expectPacedTogether(fleet, isOfOutage);
  });

  test('a line that stalls makes only the process behind it pace alone, and that ends when it flows again', async () => {
    const line = await openLine(redis!.port);
    try {
      await using fleet = await startLimited({
        redisUrl: (index) => (index === 0 ? line.url : redis!.url),
        members: 4,
        emulator,
      });
      const all = Promise.all(begin(fleet, 40));
      await until(() => ended(fleet) >= 40, '40 answers');
      line.stall(true);
      await until(() => fleet.members[0]!.told('pacing-alone') > 0, 'the first to be alone');
      const before = ended(fleet);
      await until(() => ended(fleet) >= before + 20, '20 answers more');
      line.stall(false);
      await until(() => fleet.members[0]!.told('pacing-together') > 0, 'the end of it');
      await all;
      expect(fleet.outcomes()).toEqual({ 200: 160 });
      await expectPacedTogether(fleet);
    } finally {
      line.close();
    }
  });
});

describe('a process that is gone', () => {
  test('takes its permits with it until the window ends, and no longer: the others end their calls without a 429', async () => {
    await using fleet = await startLimited({ redisUrl: redis!.url, members: 4, emulator });
    const all = Promise.all(begin(fleet, 40));
    for (const [index, answers] of [20, 50].entries()) {
      await until(() => ended(fleet) >= answers, `${answers} answers`);
      fleet.members[index]!.child.kill('SIGKILL');
    }
    await all;
    for (const member of fleet.members.slice(2)) expect(member.outcomes()).toEqual({ 200: 40 });
    await expectPacedTogether(fleet);
  });

  test('with the right to go first: another one goes', async () => {
    await using fleet = await startLimited({
      redisUrl: redis!.url,
      members: 3,
      emulator: { rateLimits: { spike: { limit: 10, windowSeconds: 2 } } },
    });
    const runs = begin(fleet, 20);
    // The limit is used up, and the next call is the one that goes first.
    await until(() => ended(fleet) >= 20, '20 answers');
    await fleet.hold();
    await until(async () => (await fleet.seen()).unanswered.length > 0, 'a call without an answer');
    const [first] = (await fleet.seen()).unanswered;
    fleet.members[first!]!.child.kill('SIGKILL');
    await Promise.all(runs);
    for (const member of fleet.members)
      if (member !== fleet.members[first!]) expect(member.outcomes()).toEqual({ 200: 20 });
    await expectPacedTogether(fleet);
  });

  test('for a time, because it was stopped: it spends no permit of a window that is over, and goes on', async () => {
    await using fleet = await startLimited({ redisUrl: redis!.url, members: 4, emulator });
    const all = Promise.all(begin(fleet, 40));
    await until(() => ended(fleet) >= 20, '20 answers');
    const [stopped] = fleet.members;
    stopped!.child.kill('SIGSTOP');
    const before = ended(fleet);
    await until(() => ended(fleet) >= before + 60, 'the others to go on for some windows');
    stopped!.child.kill('SIGCONT');
    await all;
    expect(fleet.outcomes()).toEqual({ 200: 160 });
    await expectPacedTogether(fleet);
  });
});

test('calls that would wait longer than maxWaitMs are rejected, wherever the calls are that have used up the limit', async () => {
  await using fleet = await startLimited({
    redisUrl: redis!.url,
    members: 4,
    emulator: { rateLimits: { spike: { limit: 25, windowSeconds: 3_600 } } },
    maxWaitMs: 500,
  });
  await Promise.all(begin(fleet, 20));
  expect(fleet.outcomes()).toEqual({ 200: 25, ERR_PROCORE_RATE_LIMITED: 55 });
  expect(await fleet.seen()).toEqual({ calls: 25, refused: [], unanswered: [] });
});
