import { startEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/index.js';
import type { TokenSet } from '../../src/store/store.js';

/** An emulator, and a pair that it has issued two hours ago: its access token has expired by all that it says of itself. */
export async function startWithExpiredPair(
  options: Omit<EmulatorOptions, 'now'> = {},
): Promise<{ emulator: Emulator; expired: TokenSet }> {
  const { emulator, aged } = await startWithAgedPair(2 * 60 * 60_000, options);
  return { emulator, expired: aged };
}

/** An emulator, and a pair that it has issued so long ago. */
export async function startWithAgedPair(
  agoMs: number,
  options: Omit<EmulatorOptions, 'now'> = {},
): Promise<{ emulator: Emulator; aged: TokenSet }> {
  let aheadMs = -agoMs;
  const emulator = await startEmulator({ ...options, now: () => Date.now() + aheadMs });
  const aged = emulator.issue();
  aheadMs = 0;
  return { emulator, aged };
}
