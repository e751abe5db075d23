import type { Env } from '../../time/env.js';
import type { Settings } from '../../options/options.js';
import type { TokenSet } from '../../store/store.js';
import type { GrantType, KnownTokens } from '../pair/comparison.js';
import { withNewAuthorization } from '../pair/authorization-line.js';
import { extrasBrought } from '../pair/extras.js';
import type { CriticalSection } from '../grant/critical-section.js';
import type { ClientGrants } from '../grant/registry.js';
import type { Ledger } from '../pair/ledger.js';
import { createBroughtSaver } from './brought-saving.js';
import { createLockedSave, createLateSave, type SaveResult } from './tries.js';
import type { Saver } from './saving.js';
import type { Keeper } from '../loading/keeper.js';
import type { TokenEvents } from '../told/token-events.js';
import {
  holdLoaded,
  isSameUser,
  withExpiresAt,
  type AheadChoice,
  type HeldTokens,
} from '../pair/token-set.js';
import type { Turns } from '../../time/serial.js';

/** What is known of tokens that the application brings. */
export interface Bringing {
  /** Called where they are of another user than the tokens that are held. */
  readonly changedOwner?: (() => void) | undefined;
  /** They are the tokens in hand, and so no new authorization. Nothing changes where the store cannot be read. */
  readonly isInHand: boolean;
  /** Whether a set that the store holds has replaced them. */
  readonly isOld: (stored: TokenSet) => boolean;
}

/** Saves outside of a renewal: late ones, and those of tokens that the application brings. */
export interface Writes {
  /** Saves the pair that is in memory only, and repeats that until it has succeeded. */
  saveLate(): void;
  /** Saves the pair in hand again, which a person has brought. Another process has saved `over` in its place. */
  saveAgain(over: TokenSet): void;
  /**
   * Takes tokens of the application's own for the generation that has just begun, or what the store shows to have taken their place.
   * Resolves with the failure, if the save has failed; of tokens that others have taken the place of meanwhile, with that of the others.
   */
  bring(held: HeldTokens, how: Bringing): Promise<(SaveResult & { kind: 'failed' }) | undefined>;
  /**
   * Takes the tokens of whoever comes first: saves and keeps them, unless tokens of somebody are held or stored. That is decided and saved
   * under the lock, so that of two users in two processes one is first. Resolves with whether they are taken: if not, nothing has changed.
   * A pair whose save has failed, and may have been written all the same, is taken and saved later.
   */
  bringIfFree(held: HeldTokens): Promise<boolean>;
  /**
   * Runs `move`, which puts another store in the place of the one before, and brings the newest pair into it where it holds neither that
   * pair nor a newer one: a module that runs again may make an empty memory store.
   */
  move(move: () => void): void;
  /** A move is under way. Until it has ended nobody knows which tokens will be used from then on. */
  isMoving(): boolean;
  /** No save is under way, and none waits to be repeated. */
  isIdle(): boolean;
  /** The save under way, which must not be cut off. */
  underWay(): Promise<void> | undefined;
}

/** Creates the writer of one account. */
export function createWrites(deps: {
  env: Env;
  grant: GrantType;
  ledger: Ledger & KnownTokens;
  saver: Saver;
  keeper: Keeper;
  turns: Turns;
  tokenEvents: TokenEvents;
  ahead: () => AheadChoice;
  /** What the store holds, where nothing is in memory. */
  stored: () => Promise<TokenSet | undefined>;
  section: CriticalSection;
  grants: Pick<ClientGrants, 'outcomeOf'>;
  /** A save waits for the store's lock as long as for an answer of the store. */
  settings: Pick<Settings['renewal'], 'storeTimeoutMs'>;
  /** Hears of a pair that a person has brought, and that is in the store now. */
  broughtSaved: (set: TokenSet) => void;
  serverOffsetMs: () => number;
}): Writes {
  const { env, ledger, saver, turns, tokenEvents } = deps;
  const underLock = createLockedSave({ ...deps, lockWaitMs: deps.settings.storeTimeoutMs });
  const broughtSaver = createBroughtSaver(deps);
  const late = createLateSave({ env, attempt: trySave });
  let writing: Promise<void> | undefined;
  let moves = 0;
  /** The tokens that were brought last. */
  let newest: ReturnType<Writes['bring']> = Promise.resolve(undefined);

  const loaded = ({ set }: { readonly set: TokenSet }) => holdLoaded(set, deps.ahead());

  function trySave(): Promise<'done' | 'left'> {
    const signal = turns.generation;
    return turns.inTurn(async () => {
      if (signal.aborted || !ledger.unsaved) return 'done';
      const { isBrought } = ledger;
      const result = await underLock(() => saver.saveOnce(undefined, signal), signal);
      if (signal.aborted) return 'done';
      if (result.kind === 'failed') return 'left';
      if (result.kind === 'theirs') tokenEvents.adopted(ledger.gaveWay(loaded(result)), 'store');
      else {
        ledger.saved();
        tokenEvents.savedLate();
        if (isBrought && ledger.stored) deps.broughtSaved(ledger.stored);
      }
      return 'done';
    });
  }

  function bring(
    held: HeldTokens,
    { changedOwner, isInHand, isOld }: Bringing,
  ): Promise<(SaveResult & { kind: 'failed' }) | undefined> {
    const signal = turns.generation;
    const others = newest;
    const result = turns.inTurn(async () => {
      if (signal.aborted) return undefined;
      // A log-in that was waiting has taken their place.
      if (isInHand && !ledger.isInHand(held)) return ledger.unsaved ? others : undefined;
      if (changedOwner) {
        const before = ledger.newest?.held.set ?? (await deps.stored());
        if (signal.aborted) return undefined;
        if (before && isSameUser(before, held.set) === false) changedOwner();
      }
      const before = [ledger.newest?.held.set, ledger.stored];
      const set = withExpiresAt(held, deps.serverOffsetMs());
      const brought = {
        ...held,
        set: deps.grant === 'refresh_token' ? withNewAuthorization(set, before) : set,
        ownExtras: extrasBrought(held.set, ledger.stored),
      };
      if (!isInHand) ledger.brought(brought);
      let whole = brought.set;
      const carry = (set: TokenSet) => {
        whole = set;
        if (!isInHand && !signal.aborted) ledger.carry(set);
      };
      let isRead = false;
      let isGone = false;
      const isOldNow = (stored: TokenSet | undefined) => {
        isRead = true;
        isGone = stored === undefined;
        return stored !== undefined && isOld(stored);
      };
      const how = { isOld: isOldNow, mustRead: isInHand, carry };
      const saved = await underLock(() => broughtSaver.overwrite(brought, how, signal), signal);
      if (signal.aborted) return undefined;
      if (saved.kind === 'theirs') {
        tokenEvents.adopted(ledger.kept(loaded(saved)), 'store');
        return undefined;
      }
      if (saved.kind === 'saved') {
        if (isInHand) ledger.kept({ ...brought, set: whole });
        else ledger.saved();
        deps.broughtSaved(whole);
        return undefined;
      }
      if (isInHand && !isRead) return undefined;
      // Where the row is gone they are brought anew.
      if (isInHand && isGone) ledger.brought(brought);
      else if (isInHand) ledger.issued(brought);
      ledger.saveFailed();
      late.start(signal);
      tokenEvents.saveFailed(saved.why, saved.cause);
      return saved;
    });
    follow(result);
    newest = result;
    return withThoseAfter(result);
  }

  /** What took the place of tokens meanwhile must be saved before anybody is told that a log-in is. */
  async function withThoseAfter(bringing: ReturnType<Writes['bring']>): ReturnType<Writes['bring']> {
    const failed = await bringing;
    return bringing === newest ? failed : withThoseAfter(newest);
  }

  function bringIfFree(held: HeldTokens): Promise<boolean> {
    const signal = turns.generation;
    const taking = turns.inTurn(async () => {
      if (signal.aborted || ledger.newest?.held.accessToken !== undefined) return false;
      const set = withExpiresAt(held, deps.serverOffsetMs());
      const saved = await underLock(() => broughtSaver.ifFree(set), signal);
      if (signal.aborted) return false;
      if (saved.kind === 'theirs') ledger.gaveWay(loaded(saved));
      if (saved.kind === 'saved') ledger.kept({ ...held, set });
      if (saved.kind !== 'failed' || !saved.isPerhapsThere) return saved.kind === 'saved';
      ledger.brought({ ...held, set });
      ledger.saveFailed();
      late.start(signal);
      tokenEvents.saveFailed(saved.why, saved.cause);
      return true;
    });
    follow(taking);
    return taking;
  }

  function move(putStore: () => void): void {
    moves++;
    const result = turns.inTurn(async () => {
      putStore();
      // What was deleted in the store before is not written into the next one.
      if (!ledger.newest || ledger.isGone) return;
      const signal = turns.generation;
      const result = await underLock(() => saver.saveMoved(signal), signal);
      if (signal.aborted || !ledger.newest) return;
      if (result.kind === 'theirs') {
        const isOfAnother = isSameUser(ledger.newest.held.set, result.set) === false;
        tokenEvents.adopted(
          isOfAnother ? ledger.changed(loaded(result)) : ledger.gaveWay(loaded(result)),
          'store',
        );
      } else if (result.kind === 'saved') ledger.saved();
      // Where it was saved in the store before, the next renewal compares before it redeems anything.
      else if (ledger.unsaved) late.start(signal);
    });
    follow(result.finally(() => moves--));
  }

  function follow(work: Promise<unknown>): void {
    const ended = () => undefined;
    const over: Promise<void> = work.then(ended, ended);
    writing = over;
    void over.then(() => {
      if (writing === over) writing = undefined;
    });
  }

  return {
    saveLate: () => late.start(turns.generation),
    saveAgain(over) {
      ledger.overwritten(over);
      late.start(turns.generation);
      tokenEvents.saveFailed(
        'another process has saved tokens of an older authorization over them; they are saved again',
      );
    },
    bring,
    bringIfFree,
    move,
    isMoving: () => moves > 0,
    isIdle: () => moves === 0 && writing === undefined && late.isIdle(),
    underWay: () => writing ?? late.underWay(),
  };
}
