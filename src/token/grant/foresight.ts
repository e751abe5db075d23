/** What is known right before a redemption whose note could not be written. */
export interface Circumstances {
  /** The access token in use works, as far as is known. */
  readonly works: boolean;
  /** The application itself asks for the renewal. */
  readonly isAsked: boolean;
  /** What the store holds is known for certain, so that it may be saved over itself. */
  readonly isStoredKnown: boolean;
}

/**
 * What follows where a lock's record could not be written. That is a sign that the store cannot be written either, and no proof: the
 * record may be kept elsewhere. `wait`: nothing is lost by a later try. `probe`: the stored set is saved over itself, which is proof.
 * `redeem`: without a new token every call fails, and a sign is not enough for that.
 */
export function afterUnwritten({
  works,
  isAsked,
  isStoredKnown,
}: Circumstances): 'wait' | 'probe' | 'redeem' {
  if (works && !isAsked) return 'wait';
  if (isStoredKnown) return 'probe';
  return works ? 'wait' : 'redeem';
}
