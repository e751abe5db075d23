import { describe, expect, test } from 'vitest';
import type { Emulator } from '../../../src/emulator/index.js';
import { emulate, getMe, refresh, renewed } from './support.js';

async function expectSpent(emulator: Emulator, refreshToken: string | undefined): Promise<void> {
  const answer = await refresh(emulator, refreshToken);
  expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
  expect(emulator.log.at(-1)?.outcome).toBe('spent');
}

describe('mode A', () => {
  test('the old access token is invalid as soon as the refresh succeeds', async () => {
    const emulator = await emulate();
    const old = emulator.issue();
    expect((await getMe(emulator, old.access_token)).status).toBe(200);
    const next = await renewed(emulator, old.refresh_token);
    const refused = await getMe(emulator, old.access_token);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('The access token was revoked');
    expect(emulator.log.at(-1)?.refusal).toBe('replaced');
    expect((await getMe(emulator, next.access_token)).status).toBe(200);
  });

  test('an access token that was revoked before keeps that reason', async () => {
    const emulator = await emulate();
    const old = emulator.issue();
    emulator.revoke(old.access_token);
    await renewed(emulator, old.refresh_token);
    await getMe(emulator, old.access_token);
    expect(emulator.log.at(-1)?.refusal).toBe('revoked');
  });

  test('of ten racers one wins, and the losers do not hurt its pair', async () => {
    const emulator = await emulate();
    const { refresh_token } = emulator.issue();
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(emulator, refresh_token)));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 9, revocations: 0 });
    const pair = (await winners[0]?.json()) as { access_token: string; refresh_token: string };
    expect((await getMe(emulator, pair.access_token)).status).toBe(200);
    expect(emulator.isLive(pair.refresh_token)).toBe(true);
  });
});

describe('mode B', () => {
  test('the old pair lives until the new access token is used on the API', async () => {
    const emulator = await emulate({ spentTokens: 'B' });
    const old = emulator.issue();
    const next = await renewed(emulator, old.refresh_token);
    expect((await getMe(emulator, old.access_token)).status).toBe(200);
    expect(emulator.isLive(old.refresh_token as string)).toBe(true);
    expect((await getMe(emulator, next.access_token)).status).toBe(200);
    expect((await getMe(emulator, old.access_token)).status).toBe(401);
    await expectSpent(emulator, old.refresh_token);
    expect((await getMe(emulator, next.access_token)).status).toBe(200);
  });

  test('the old refresh token answers further pairs, and the first one used supersedes the others', async () => {
    const emulator = await emulate({ spentTokens: 'B' });
    const old = emulator.issue();
    const lost = await renewed(emulator, old.refresh_token);
    const kept = await renewed(emulator, old.refresh_token);
    expect(kept.refresh_token).not.toBe(lost.refresh_token);
    expect([lost, kept].map((pair) => emulator.isLive(pair.access_token))).toEqual([true, true]);
    await getMe(emulator, kept.access_token);
    expect(emulator.isLive(lost.access_token)).toBe(false);
    expect(emulator.isLive(kept.access_token)).toBe(true);
    expect(emulator.isLive(kept.refresh_token)).toBe(true);
    await expectSpent(emulator, lost.refresh_token);
    expect(emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 1 });
  });

  test('using a grandchild ends all that came before it', async () => {
    const emulator = await emulate({ spentTokens: 'B' });
    const old = emulator.issue();
    const child = await renewed(emulator, old.refresh_token);
    const grandchild = await renewed(emulator, child.refresh_token);
    await getMe(emulator, grandchild.access_token);
    expect(emulator.isLive(old.access_token)).toBe(false);
    expect(emulator.isLive(child.access_token)).toBe(false);
    expect(emulator.isLive(grandchild.refresh_token)).toBe(true);
  });

  test('using an old pair for the first time leaves its unused successors alone', async () => {
    const emulator = await emulate({ spentTokens: 'B' });
    const old = emulator.issue();
    const next = await renewed(emulator, old.refresh_token);
    await getMe(emulator, old.access_token);
    expect(emulator.isLive(next.access_token)).toBe(true);
  });

  test('asking whether a token is live is no use of it', async () => {
    const emulator = await emulate({ spentTokens: 'B' });
    const old = emulator.issue();
    const next = await renewed(emulator, old.refresh_token);
    expect(emulator.isLive(next.access_token)).toBe(true);
    expect(emulator.isLive(old.access_token)).toBe(true);
  });

  test('a refused use is no use', async () => {
    const emulator = await emulate({ spentTokens: 'B' });
    const old = emulator.issue();
    const next = await renewed(emulator, old.refresh_token);
    emulator.revoke(next.access_token);
    expect((await getMe(emulator, next.access_token)).status).toBe(401);
    expect(emulator.isLive(old.access_token)).toBe(true);
  });
});

describe('family revocation', () => {
  test.each(['A', 'B'] as const)(
    'mode %s: a spent token takes the pair of the winner with it',
    async (mode) => {
      const emulator = await emulate({ spentTokens: mode, familyRevocation: true });
      const old = emulator.issue();
      const bystander = emulator.issue();
      const winner = await renewed(emulator, old.refresh_token);
      await getMe(emulator, winner.access_token);
      await expectSpent(emulator, old.refresh_token);
      expect((await getMe(emulator, winner.access_token)).status).toBe(401);
      expect(emulator.log.at(-1)?.refusal).toBe('revoked');
      expect((await refresh(emulator, winner.refresh_token)).status).toBe(400);
      expect(emulator.log.at(-1)?.outcome).toBe('revoked');
      expect(emulator.isLive(bystander.access_token)).toBe(true);
      expect(emulator.counters).toMatchObject({ spentPresentations: 1, revocations: 1 });
    },
  );
});
