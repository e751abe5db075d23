import { fingerprint } from './pair/fingerprint.js';
import type { InContext } from '../time/async-context.js';
import { lockNameOf } from '../store/own.js';
import type { WaitBounds } from '../time/within.js';
import { accountKey, type Account } from './account.js';
import { createBrought, type Brought } from './authorization/brought.js';
import { createCodeExchange, type CodeExchange } from './authorization/code-exchange.js';
import { createRevocation, type Revocation } from './authorization/revocation.js';
import { createRevokedElsewhere, type RevokedElsewhere } from './authorization/revoked-elsewhere.js';
import type { Exchange } from './endpoint/exchange.js';
import { createCriticalSection } from './grant/critical-section.js';
import type { Keeper } from './loading/keeper.js';
import { storeAt } from './loading/home.js';
import { mayBeOverwritten, type Loading } from './loading/loading.js';
import { createRecognition, type Recognition } from './loading/recognition.js';
import { createSecondLook } from './loading/second-look.js';
import { holdLoaded } from './pair/token-set.js';
import { createApplicationRequests, type ApplicationAnswer } from './authorization/application-requests.js';
import { createAdoption } from './renewal/adoption.js';
import { createDrain, type Drain } from './renewal/drain.js';
import { createLooks } from './renewal/look.js';
import { createLeases, type Leases } from './renewal/leases.js';
import { createRefusals, type Refusals } from './renewal/refusals.js';
import { createRenewal } from './renewal/renewal.js';
import { createSequence, type Sequence } from './renewal/sequence.js';
import { createLookBack } from './saving/look-back.js';
import { createReadBack } from './saving/read-back.js';
import { createSaver } from './saving/saving.js';
import { createWrites, type Writes } from './saving/writes.js';
import type { ClientDeps } from './source.js';
import { failuresOf } from './told/failures.js';

/** One account, as its parts see it. */
export interface AccountDeps {
  readonly account: string;
  /** What is done for the account runs in this context; whoever asks goes on in their own. */
  readonly inContext: InContext;
  readonly exchange: Exchange;
  /** The application's own refreshes are answered from here: with tokens from long ago, and before there is any pair. */
  readonly takesOver: () => boolean;
}

/** The parts that act on one account. */
export interface Parts extends Brought, Pick<Recognition, 'recognise'> {
  readonly leases: Leases;
  readonly refusals: Refusals;
  readonly sequence: Sequence;
  readonly writes: Writes;
  readonly codes: CodeExchange;
  readonly revocation: Revocation;
  readonly elsewhere: RevokedElsewhere;
  answerApplication(refreshToken: string | undefined, bounds: WaitBounds): Promise<ApplicationAnswer>;
  /** Takes what another process has saved, without a renewal. */
  look(): Promise<boolean>;
  /** A person has to authorize the account anew. */
  readonly isStuck: () => boolean;
  /** Nothing is under way that would have to be waited for, nor anything that nobody waits for. */
  readonly isIdle: () => boolean;
  /** What is under way and must not be cut off. */
  readonly underWay: () => Promise<unknown> | undefined;
}

/** Puts together the parts that act on one account: its state, `state`, is all that outlives them. */
export function createParts(
  client: ClientDeps,
  { account, exchange, takesOver, inContext }: AccountDeps,
  { home, turns, tokenEvents, ledger, ofEnvironment, load, first, ahead }: Loading,
  state: Account,
): Parts {
  const { env, grant, grants, settings, serverOffsetMs, loginGate, maxWaitMs: lockWaitMs } = client;
  const name = JSON.stringify(account);
  /** What the account is called where several clients may have one of the name. */
  const ownKey = accountKey(client.clientAndGrant, account);
  const store = storeAt(state);
  const section = createCriticalSection({
    env,
    account,
    grant,
    accountKey: ownKey,
    store,
    grants,
    settings,
    warn: (message) => client.warnOnce('lock-contract', message, `${message} (account ${name})`),
  });
  const readBack = createReadBack({
    env,
    keeper: ofEnvironment,
    isOwn: home.isOwn,
    isInUse: ({ refresh_token: refresh }) => refresh === ledger.newest?.held.refreshToken,
    isReplaced: (token) => ledger.isReplaced(fingerprint(token)),
    offended: tokenEvents.offended,
    place: state,
  });
  const keeper: Keeper = {
    load,
    save: readBack.save,
    pendingSaveSettled: home.keeper.pendingSaveSettled,
    doubtOf: home.keeper.doubtOf,
    remove: ofEnvironment.remove,
  };
  const lookBack = createLookBack({
    env,
    grant,
    afterMs: 2 * settings.storeTimeoutMs,
    load: ofEnvironment.load,
    turns,
    isNeeded: () => mayBeOverwritten(home, state),
    isKept: ({ refresh_token: refresh = '' }) =>
      refresh === ledger.newest?.held.refreshToken &&
      !ledger.unsaved &&
      grants.outcomeOf(fingerprint(refresh))?.kind !== 'dead',
    untilDetached: client.untilDetached,
    overwritten: (by) => writes.saveAgain(by),
    place: state,
  });
  const secondLook = createSecondLook({ env, grant, store, load });
  /** What most of the parts need. */
  const common = {
    env,
    account,
    grant,
    store,
    settings,
    grants,
    section,
    keeper,
    ledger,
    turns,
    tokenEvents,
    ahead,
    takesOver,
    serverOffsetMs,
    loginGate,
    lockWaitMs,
  };
  const saver = createSaver({ ...common, secondLook, offended: tokenEvents.offended });
  const drain: Drain = createDrain({
    env,
    account,
    settings,
    notices: () => store.notices,
    server: client.server,
    flight: state,
  });
  const adoption = createAdoption({ ...common, saver, secondLook });
  const renewal = createRenewal({
    ...common,
    lockName: () => lockNameOf(state.store, account),
    saver,
    exchange,
    adoption,
    signs: state,
    drain: ({ signal }) => drain.drain(signal),
    contradicted: tokenEvents.contradicted,
  });
  const writes = createWrites({
    ...common,
    saver,
    async stored() {
      const loaded = await load();
      return loaded.kind === 'loaded' && loaded.set && !ledger.isRevoked(loaded.set) ? loaded.set : undefined;
    },
    broughtSaved: lookBack.start,
  });
  const sequence = createSequence({
    ...common,
    renewal,
    writes,
    past: state,
    inContext,
    adoptedFromStore: () => client.server.ask(true),
    release: drain.release,
    ticket: () => loginGate().ticket(),
  });
  const looks = createLooks({ ...common, adoption, clearVerdicts: sequence.clearVerdicts, state });
  const refusals: Refusals = createRefusals({
    env,
    ledger,
    sequence,
    brakes: state,
    server: client.server,
    flight: state,
    isPaused: drain.isPaused,
    look: () => inContext(looks.afterSaves),
    tellShared: grant === 'client_credentials' ? () => tokenEvents.sharedClient(ownKey) : undefined,
  });
  const leases = createLeases({
    env,
    settings,
    ledger,
    sequence,
    drain,
    flight: state,
    isMoving: writes.isMoving,
  });
  const isStuck = () => sequence.isDead && !sequence.working();

  const { take, setTokens, takeOwn } = createBrought({
    ...common,
    writes,
    isRenewing: () => sequence.running !== undefined,
    isDead: isStuck,
    readStore: () => first.look({ maxMs: settings.storeTimeoutMs, signal: undefined }),
    look: () => leases.acquire({ maxMs: lockWaitMs, signal: undefined }),
    supersede() {
      sequence.supersede();
      refusals.release();
    },
    clearVerdicts: sequence.clearVerdicts,
  });
  const codes = createCodeExchange({ ...common, generation: () => turns.generation });
  const revoking = {
    ...common,
    forget() {
      // The application knows: it is told when it makes a call, and by no event.
      sequence.supersede(
        grant === 'refresh_token' ? failuresOf(account, grant, takesOver).noTokens(true).error : undefined,
      );
      refusals.release();
    },
    exchanges: codes.underWay,
    drain: (signal: AbortSignal) => drain.drain(signal, 'certain'),
    release: drain.release,
  };
  const revocation = createRevocation(revoking);
  const elsewhere = createRevokedElsewhere(revoking);
  const { recognise } = createRecognition({ ...common, place: state });
  const { answerApplication } = createApplicationRequests({
    ...common,
    leases,
    recognise: (token, bounds) => inContext(() => recognise(token, bounds)),
    offer: (refreshToken) =>
      turns.inTurn(async () => {
        if (!sequence.isDead) return;
        ledger.kept(holdLoaded({ access_token: '', refresh_token: refreshToken }, ahead()));
        sequence.clearVerdicts();
      }),
  });

  /** Whether nothing is under way that would have to be waited for, nor anything that nobody waits for. */
  function isIdle(): boolean {
    const isQuiet = [turns, writes, lookBack, readBack].every((part) => part.isIdle());
    return isQuiet && !ledger.unsaved && underWay() === undefined;
  }

  const underWay = () =>
    sequence.running?.done ??
    codes.underWay() ??
    revocation.underWay() ??
    elsewhere.underWay() ??
    drain.underWay() ??
    writes.underWay();

  return {
    leases,
    refusals,
    sequence,
    writes,
    take,
    setTokens,
    takeOwn,
    codes,
    revocation,
    elsewhere,
    recognise,
    answerApplication,
    look: looks.atOnce,
    isStuck,
    isIdle,
    underWay,
  };
}
