import type { Env } from '../../time/env.js';
import type { LockRecord } from '../../store/store.js';
import { failureOf } from '../../text/words.js';
import { call, within } from '../../time/within.js';

/**
 * How far somebody came with a refresh token who never finished. `presented`: no answer is known. `unsaved`: it was answered, and whoever
 * has the new pair could not save it so far; `text` changes with each try.
 */
type Unfinished = { readonly state: 'presented' | 'unsaved'; readonly text: string };

/** Why a note was not written. */
export interface Unwritten {
  readonly why: string;
  /** What the record has thrown. */
  readonly cause?: unknown;
}

/** What the lock's record tells of redemptions, by fingerprint. Never rejects and never waits long: the record only names reasons. */
export interface Notes {
  unfinished(fingerprint: string): Promise<Unfinished | undefined>;
  /** Notes how far a redemption has come. Resolves with the reason, if it could not be written. */
  write(fingerprint: string, state: Unfinished['state']): Promise<Unwritten | undefined>;
  /** Nothing is under way any more. */
  clear(): Promise<void>;
}

/** Nobody waits longer for a note. */
const noteMs = 1_000;
const written = /^([0-9a-f]{8}) (presented|unsaved) \d+$/;

/** Reads and writes a lock's record; without one nothing is known. */
export function createNotes(env: Env, record: LockRecord | undefined): Notes {
  async function put(text: string | undefined): Promise<Unwritten | undefined> {
    if (!record) return undefined;
    const written = await within(
      env,
      noteMs,
      call(() => record.write(text)),
    );
    if (written.kind === 'done') return undefined;
    if (written.kind !== 'failed')
      return { why: `the record of its lock gave no answer to a write in ${noteMs} ms` };
    const why = `the record of its lock could not be written ${failureOf(written.error)}`;
    return { why, cause: written.error };
  }

  return {
    async unfinished(fingerprint) {
      if (!record) return undefined;
      const read = await within(
        env,
        noteMs,
        call(() => record.read()),
      );
      const text: unknown = read.kind === 'done' ? read.value : undefined;
      const [, noted, state] = (typeof text === 'string' && written.exec(text)) || [];
      if (noted !== fingerprint.slice(0, 8)) return undefined;
      return { state: state as Unfinished['state'], text: String(text) };
    },
    // The time tells people when it was. It also makes each note another one, by which other processes see that this one is alive.
    write: (fingerprint, state) => put(`${fingerprint.slice(0, 8)} ${state} ${Math.round(env.now())}`),
    async clear() {
      await put(undefined);
    },
  };
}
