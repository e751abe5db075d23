import type { EmulatorProcess } from '../processes/emulator.js';
import type { SharingMember } from '../processes/sharing-member.js';
import { startChild, type Child } from './child.js';
import { saveTokens } from './redis.js';
import type { EmulatorOptions } from './trial.js';

/** Several processes on one Redis, and their emulator in a process of its own. */
export interface Fleet {
  readonly emulator: Child<EmulatorProcess>;
  readonly members: readonly Child<SharingMember>[];
  /** Starts further processes on the same Redis and the same emulator. */
  more(size: number): Promise<readonly Child<SharingMember>[]>;
  end(): Promise<void>;
}

/** `name` keeps the keys of fleets on one Redis apart. */
export async function startFleet(
  { redisUrl, name, size }: { redisUrl: string; name: string; size: number },
  { expired = false, ...options }: EmulatorOptions & { expired?: boolean },
  settings: { isPacedTogether: boolean; drain?: boolean | undefined },
): Promise<Fleet> {
  const emulator = startChild<EmulatorProcess>('emulator');
  const place = await emulator.ask('start', options);
  const prefix = `bench-${name}:`;
  await saveTokens(redisUrl, prefix, await emulator.ask('issue', { expired }));
  const all: Child<SharingMember>[] = [];
  async function more(count: number) {
    const started = Array.from({ length: count }, () => startChild<SharingMember>('sharing-member'));
    all.push(...started);
    await Promise.all(
      started.map((member) => member.ask('connect', { redisUrl, prefix, ...place, ...settings })),
    );
    return started;
  }
  return {
    emulator,
    members: await more(size),
    more,
    end: async () => void (await Promise.all([...all, emulator].map((child) => child.end()))),
  };
}
