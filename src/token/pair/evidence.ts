import type { TokenSet } from '../../store/store.js';
import { epochMs, latestMs, lifeSecondsOf } from './moments.js';

/**
 * What says when an access token stops working, best first. `answer`: the token endpoint, a moment ago. `exp`: the JWT itself. `issued`:
 * `created_at + expires_in`, as the token endpoint sends them. `expires_at`: a column. `row`: a `created_at` that is no number, so
 * it is a column of that name, which tells when the row was made or written.
 */
type Source = 'answer' | 'exp' | 'issued' | 'expires_at' | 'row';

/** When a token stops working, who says so, and by whose clock. */
export interface Testimony {
  readonly source: Source;
  readonly atMs: number;
  readonly clock: 'local' | 'server';
}

/** What the evidence is weighed with. */
export interface Scales {
  /** How far the server's clock is ahead of this machine's. */
  readonly serverOffsetMs: number;
  /** When the latest call was sent that the API has accepted with this token: it was alive then, whatever anybody says. */
  readonly aliveAtMs?: number | undefined;
}

/** A field of a stored set that says something else than better evidence does. */
export interface Contradiction {
  readonly field: 'expires_at' | 'created_at';
  /** What knows better. */
  readonly by: 'exp' | 'issued' | 'accepted';
  /** How much later the field puts the end of the token; negative: earlier. */
  readonly laterMs: number;
}

/** Clocks of several machines differ, and an answer is on its way for a while. */
const earlierMs = 5 * 60_000;
const laterMs = 2_000;
/** A clock that is somewhat ahead of the one that wrote the field is no offence. */
const worthTellingMs = 60_000;
/** An answer's `Date` is whole seconds, and a server may be lenient for a moment. */
const leewayMs = 2_000;

/** What a stored set says of its life; `exp`: when its JWT ends, in milliseconds since 1970. */
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
 * What is believed: the best that no accepted call has refuted, or what agrees with that and is more exact, because it was written by
 * this machine's clock, or to a fraction of a second.
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
 * Whether a call can tell more of the token's end than its columns do: there is no JWT, and no two columns that agree about it, so that
 * one that the database has converted, or set by itself, may be all there is.
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

/** The fields of a stored set that are contradicted by something better. */
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

/** The moment on this machine's clock. */
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

/** A little earlier does no harm: the token is renewed so much earlier. */
function agrees(gap: number, lifeMs = Infinity): boolean {
  return gap <= laterMs && gap >= -Math.min(earlierMs, lifeMs * 0.1);
}
