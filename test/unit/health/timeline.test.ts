import { describe, expect, test } from 'vitest';
import { emptySlot, slotLengthsMs } from '../../../src/health/slots.js';
import { createTimeline } from '../../../src/health/timeline.js';

const dayMs = 86_400_000;
const noon = Date.parse('2026-06-30T12:00:00Z');
const calls = (timeline: ReturnType<typeof createTimeline>) =>
  timeline.kept().slots.reduce((sum, [, slot]) => sum + slot.calls, 0);

test('each length of a slot is a multiple of the one before', () => {
  slotLengthsMs.slice(1).forEach((length, index) => expect(length % slotLengthsMs[index]!).toBe(0));
});

test('a short run has slots of a second, aligned to the clock', () => {
  const timeline = createTimeline();
  for (const ms of [0, 999, 1_000, 60_000]) timeline.at(noon + ms).calls += 1;
  expect(timeline.kept().slotMs).toBe(1_000);
  expect(timeline.kept().slots.map(([fromMs, slot]) => [fromMs - noon, slot.calls])).toEqual([
    [0, 2],
    [1_000, 1],
    [60_000, 1],
  ]);
});

test('slots grow with the time that they span, and lose nothing', () => {
  const timeline = createTimeline();
  timeline.at(noon).limit = { limit: 600, remaining: 400 };
  const lengths = new Set<number>();
  for (let minute = 0; minute < 13 * 24 * 60; minute += 7) {
    timeline.at(noon + minute * 60_000).calls += 1;
    const { slotMs, slots } = timeline.kept();
    lengths.add(slotMs);
    expect(slots.length).toBeLessThanOrEqual(180);
    expect(slots.every(([fromMs]) => fromMs % slotMs === 0)).toBe(true);
  }
  expect([...lengths].sort((one, other) => one - other)).toEqual(
    slotLengthsMs.filter((ms) => lengths.has(ms)),
  );
  expect(timeline.kept().slotMs).toBe(7_200_000);
  expect(calls(timeline)).toBe(2_675);
  expect(timeline.kept().slots[0]![1].limit).toEqual({ limit: 600, remaining: 400 });
});

describe('in bounded memory', () => {
  test('slots that have left the window are dropped', () => {
    const timeline = createTimeline();
    for (let hour = 0; hour < 100 * 24; hour++) timeline.at(noon + hour * 3_600_000).calls += 1;
    const { slots } = timeline.kept();
    expect(slots.length).toBeLessThanOrEqual(180);
    expect(new Date(slots[0]![0]).toISOString().slice(0, 10)).toBe('2026-09-25');
  });

  test('a clock that was a year ahead for a moment leaves no slot behind', () => {
    const timeline = createTimeline();
    timeline.at(noon + 365 * dayMs).calls += 1;
    timeline.at(noon).calls += 1;
    expect(timeline.kept()).toMatchObject({ slotMs: 1_000, slots: [[noon, { calls: 1 }]] });
  });
});

test('a timeline goes on where another one stopped, and several are put together in the longest of their slots', () => {
  const one = createTimeline();
  one.at(noon).calls += 1;
  one.at(noon).waits.token = { waits: 1, waitedMs: 300, longestMs: 300 };
  const other = createTimeline();
  other.at(noon - 3_600_000).calls += 2;
  other.at(noon + 10_000).calls += 4;
  other.at(noon + 10_000).waits.token = { waits: 2, waitedMs: 500, longestMs: 400 };
  expect(createTimeline([one.kept()]).kept()).toEqual(one.kept());
  const both = createTimeline([one.kept(), other.kept()]);
  expect(both.kept().slotMs).toBe(60_000);
  expect(both.kept().slots).toEqual([
    [noon - 3_600_000, { ...emptySlot(), calls: 2 }],
    [
      noon,
      {
        ...emptySlot(),
        calls: 5,
        waits: { ...emptySlot().waits, token: { waits: 3, waitedMs: 800, longestMs: 400 } },
      },
    ],
  ]);
});
