import type { StoreRule } from '../../store/rules.js';
import type { TokenSet } from '../../store/store.js';
import { epochMs } from '../pair/moments.js';

/** What a store gives back after it has saved a set. */
export type Kept =
  | { kind: 'kept' }
  /** As a replica that lags would; `what` is wrong if it stays so. */
  | { kind: 'perhaps-late'; what: string }
  /** No replica would: the set is there, and not whole. */
  | { kind: 'spoiled'; rule: StoreRule; what: string };

/** Compares what was saved with what came back; `isReplaced`: whether a refresh token is one from before. No token is quoted. */
export function judgeKept(
  saved: TokenSet,
  loaded: TokenSet | undefined,
  isReplaced: (refreshToken: string) => boolean,
): Kept {
  const { access_token: access, refresh_token: refresh } = saved;
  // Without one nothing is lost with the set: it is asked for anew.
  if (!refresh) return { kind: 'kept' };
  if (!loaded) return { kind: 'perhaps-late', what: 'gave nothing' };
  const came = loaded.refresh_token;
  if (came === refresh) {
    return isCut(loaded.access_token, access)
      ? { kind: 'spoiled', rule: 'whole', what: `gave ${cut('access token', loaded.access_token, access)}` }
      : { kind: 'kept' };
  }
  if (isCut(came, refresh))
    return { kind: 'spoiled', rule: 'whole', what: `gave ${cut('refresh token', came!, refresh)}` };
  if (loaded.access_token === access || isCut(loaded.access_token, access)) {
    const what = came
      ? 'gave the new access token with the refresh token of an older pair, which is spent'
      : 'gave the new access token without a refresh token';
    return { kind: 'spoiled', rule: 'whole', what };
  }
  if (!came) return { kind: 'perhaps-late', what: 'gave an older set, without a refresh token' };
  if (isReplaced(came))
    return { kind: 'perhaps-late', what: 'gave the pair before, whose refresh token is spent' };
  // Somebody else may have saved a newer one since.
  return isNewer(loaded, saved)
    ? { kind: 'kept' }
    : { kind: 'perhaps-late', what: 'gave another pair than the one that was saved, and no newer one' };
}

function isNewer(one: TokenSet, other: TokenSet): boolean {
  const [ofOne, ofOther] = [epochMs(one.created_at), epochMs(other.created_at)];
  return ofOne !== undefined && ofOther !== undefined && ofOne > ofOther;
}

function isCut(came: string | undefined, whole: string): boolean {
  return !!came && came.length < whole.length && whole.startsWith(came);
}

function cut(name: string, came: string, whole: string): string {
  return `the ${name} cut to ${came.length} of its ${whole.length} characters`;
}
