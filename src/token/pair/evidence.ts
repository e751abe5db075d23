import type { TokenSet } from '../../store/store.js';
import { epochMs, latestMs, lifeSecondsOf } from './moments.js';

/**
 * Where the end of an access token is known from, best first.
 *
 * - `answer`: `expires_in` of an answer of the token endpoint to this process.
 * - `exp`: the `exp` of the JWT.
 * - `issued`: `created_at + expires_in` of the set, where `created_at` is a number as the token endpoint sends it.
 * - `expires_at`: the field of that name, which the package saves.
 * - `row`: `created_at + expires_in`, where `created_at` is no number. It is then a column of the table that tells when the row was written.
 */
type Source = 'answer' | 'exp' | 'issued' | 'expires_at' | 'row';

/** One statement about when a token ends: its source, the moment, and the clock by which the moment is meant. */
export interface Testimony {
  readonly source: Source;
  readonly atMs: number;
  readonly clock: 'local' | 'server';
}

/** What statements are compared with. */
export interface Scales {
  /** How far the server's clock is ahead of this machine's. */
  readonly serverOffsetMs: number;
  /** When the latest call was sent that the API has accepted with this token. The token had not ended then, whatever its fields say. */
  readonly aliveAtMs?: number | undefined;
}

/** A field of a stored set that contradicts better evidence. */
export interface Contradiction {
  readonly field: 'expires_at' | 'created_at';
  /** The better evidence: another source, or a call that the API has accepted. */
  readonly by: 'exp' | 'issued' | 'accepted';
  /** How much later the field puts the end of the token; negative: earlier. */
  readonly laterMs: number;
}

/**
 * By so much, or by a tenth of the token's life, one statement may be earlier than a better one and still agree with it: clocks differ, and
 * an answer takes its time.
 */
const earlierMs = 5 * 60_000;
/** By so much it may be later. */
const laterMs = 2_000;
/** Smaller contradictions are not told: the clock of the machine that wrote the field may differ. */
const worthTellingMs = 60_000;
/**
 * Statements by the server's clock are refuted only by a call this much later: `Date` has whole seconds, and a server may accept a token for
 * a moment longer.
 */
const leewayMs = 2_000;

/** What a stored set says about the end of its access token, best first; `exp`: when its JWT ends, in milliseconds since 1970. */
export function evidenceOf(set: TokenSet, exp: number | undefined): Testimony[] {
  const lifeSeconds = lifeSecondsOf(set.expires_in);
  const createdAtMs = epochMs(set.created_at);
  const endsAtMs =
    createdAtMs === undefined || lifeSeconds === undefined
      ? undefined
      : Math.min(createdAtMs + lifeSeconds * 1000, latestMs);
  const isSent = typeof set.created_at === 'number';
  const said: [Source, number | undefined, Testimony['clock']][] = [
    ['exp', exp, 'server'],
    ['issued', isSent ? endsAtMs : undefined, 'server'],
    ['expires_at', epochMs(set.expires_at), 'local'],
    ['row', isSent ? undefined : endsAtMs, 'server'],
  ];
  return said.flatMap(([source, atMs, clock]) => (atMs === undefined ? [] : [{ source, atMs, clock }]));
}

/**
 * The statement that is believed: the best one that no accepted call has refuted. Where `expires_at` or `created_at + expires_in` agrees with
 * it, that is taken, because it is more exact: `expires_at` was written by this machine's clock.
 */
export function believed(
  evidence: readonly Testimony[],
  lifeMs: number | undefined,
  scales: Scales,
): Testimony | undefined {
  const left = evidence.filter((one) => !isRefuted(one, scales));
  const [best, ...others] = left;
  if (!best) return undefined;
  const agreeing = (source: Source) =>
    others.find((one) => one.source === source && agrees(gapMs(one, best, scales), lifeMs));
  return agreeing('expires_at') ?? agreeing('issued') ?? best;
}

/**
 * Whether the end of the token is in doubt, so that a call with it would tell more: there is no JWT, and no two fields agree about the end.
 * The only field may be one that the database has converted or has set by itself.
 */
export function isDoubtful(
  evidence: readonly Testimony[],
  lifeMs: number | undefined,
  scales: Scales,
): boolean {
  const [best] = evidence;
  if (!best || best.source === 'exp' || best.source === 'answer') return false;
  const second = evidence.find(({ source }) => source === 'expires_at');
  return best.source !== 'issued' || !second || !agrees(gapMs(second, best, scales), lifeMs);
}

/** The fields of a stored set that contradict better evidence. */
export function contradictionsIn(
  evidence: readonly Testimony[],
  lifeMs: number | undefined,
  scales: Scales,
): Contradiction[] {
  const best = evidence.find((one) => !isRefuted(one, scales));
  return evidence.flatMap((one): Contradiction[] => {
    const field = one.source === 'expires_at' ? 'expires_at' : 'created_at';
    if (one.source === 'exp' || one.source === 'answer') return [];
    if (best && one !== best && (best.source === 'exp' || best.source === 'issued')) {
      const gap = gapMs(one, best, scales);
      if (!agrees(gap, lifeMs) && Math.abs(gap) >= worthTellingMs)
        return [{ field, by: best.source, laterMs: gap }];
    }
    return isRefuted(one, scales)
      ? [{ field, by: 'accepted', laterMs: localMs(one, scales) - scales.aliveAtMs! }]
      : [];
  });
}

/** The moment of a statement on this machine's clock. */
export function localMs(
  { atMs, clock }: Pick<Testimony, 'atMs' | 'clock'>,
  { serverOffsetMs }: Scales,
): number {
  return clock === 'local' ? atMs : atMs - serverOffsetMs;
}

function isRefuted(one: Testimony, scales: Scales): boolean {
  const { aliveAtMs } = scales;
  const lenientMs = one.clock === 'server' ? leewayMs : 0;
  return aliveAtMs !== undefined && localMs(one, scales) + lenientMs < aliveAtMs;
}

function gapMs(one: Testimony, best: Testimony, scales: Scales): number {
  return localMs(one, scales) - localMs(best, scales);
}

/** Whether two statements agree. One that is somewhat earlier does no harm, because the token is then renewed earlier by as much. */
function agrees(gap: number, lifeMs = Infinity): boolean {
  return gap <= laterMs && gap >= -Math.min(earlierMs, lifeMs * 0.1);
}
