import { nameOf } from './net.js';
import { accountName } from './process.js';
import type { Deed, Run } from './run.js';
import type { Scenario } from './scenario.js';
import type { Loaded, Table, Written } from './rows.js';
import type { Line, Presentation } from './server.js';
import { startMs } from './world.js';

/** No call waits longer than this: `maxWaitMs`. */
const longestCallMs = 61_000;
/** How long a store without lock may hide from one process what another has renewed: as long as a loser reads it again, and a save. */
const raceMs = 13_000;
/** No account is renewed again sooner, unless a 401 asks for it. */
const floorMs = 2_000;
/** So long after a log-in was saved it is known whether something has landed on it: the look back, and a save. */
const lookBackMs = 15_000;

/** What a run has broken, in words. */
export function judge(run: Run): string[] {
  return [
    ...hangs(run),
    ...otherUsers(run),
    ...spentTokens(run),
    ...tooManyRenewals(run),
    ...columns(run),
    ...ends(run),
    ...olderLogIns(run),
  ];
}

const at = (ms: number) => `${((ms - startMs) / 1000).toFixed(3)} s`;

function hangs({ calls, deaths }: Run): string[] {
  return calls.flatMap(({ process, account, startedAtMs, endedAtMs }) => {
    if (endedAtMs === undefined)
      return deaths.has(process)
        ? []
        : [`the call of ${process} for ${accountName(account)} at ${at(startedAtMs)} never ended`];
    return endedAtMs - startedAtMs > longestCallMs
      ? [
          `the call of ${process} for ${accountName(account)} at ${at(startedAtMs)} took ${endedAtMs - startedAtMs} ms`,
        ]
      : [];
  });
}

function otherUsers({ net, table, server, scenario }: Run): string[] {
  if (scenario.grant === 'client_credentials') return [];
  const called = net.calls.flatMap(({ account, pair, by, atMs }) =>
    pair && pair.line.account !== account
      ? [`${by} called for ${accountName(account)} as ${pair.line.user} at ${at(atMs)}`]
      : [],
  );
  const saved = [...table.written].flatMap(([account, writes]) =>
    writes.flatMap(({ by, atMs, given }) => {
      const pair = server.pairOfAccess(given.access_token);
      return pair && pair.line.account !== account
        ? [`${by} saved a pair of ${pair.line.user} under ${accountName(account)} at ${at(atMs)}`]
        : [];
    }),
  );
  return [...called, ...saved];
}

function spentTokens(run: Run): string[] {
  return run.server.presentations.flatMap((presentation) => {
    const { pair, result, by, atMs } = presentation;
    if (!pair || result === 'issued' || result === 'unknown') return [];
    const spentBy = pair.spentBy;
    // It fell with its authorization, or a branch of it was used: it was never spent.
    if (!spentBy || spentBy === presentation) return [];
    return explains(run, spentBy, presentation)
      ? []
      : [
          `${by} presented ${nameOf(pair)} at ${at(atMs)}, which ${spentBy.by} had spent at ${at(spentBy.atMs)}`,
        ];
  });
}

/** Whether whoever presents a token may not have known that it was spent. */
function explains(run: Run, spent: Presentation, again: Presentation): boolean {
  const { scenario, deeds, net, deaths } = run;
  if (spent.by === again.by && spent.answeredAtMs !== undefined && spent.answeredAtMs < again.atMs)
    return false;
  if (spent.lost || hasTrouble(run, spent)) return true;
  const savedAtMs = net.acknowledgements.find(
    ({ refresh, by }) => by === spent.by && refresh === spent.issued?.refresh,
  )?.atMs;
  const diedAtMs = deaths.get(spent.by);
  if (diedAtMs !== undefined && (savedAtMs === undefined || savedAtMs > diedAtMs)) return true;
  // A person's pair may have taken the place of what was renewed, which is then saved by nobody.
  if (deeds.some(({ kind, account }) => kind === 'log-in' && account === spent.pair?.line.account))
    return true;
  const windowMs = scenario.store.lock === 'none' ? raceMs + scenario.store.lagMs : 0;
  return windowMs > 0 && (savedAtMs === undefined || again.atMs < savedAtMs + windowMs);
}

/** Faults that keep from one process what another has renewed. */
const hiding = new Set(['saves-fail', 'delete-row', 'foreign-row', 'loads-fail']);
/** What is a reason to renew at once. */
const asking = new Set(['renew', 'log-in', 'revoke-access']);

function hasTrouble({ deeds, scenario }: Run, { pair }: Presentation): boolean {
  return (
    scenario.store.partial !== 'nothing' ||
    deeds.some(
      ({ kind, account }) =>
        hiding.has(kind) &&
        (account === undefined || account === pair?.line.account || kind === 'foreign-row'),
    )
  );
}

/** A pair is not renewed again at once unless something asks for it. */
function tooManyRenewals({ server, scenario, deeds, net, deaths }: Run): string[] {
  const hidden = scenario.store.lock === 'none' ? raceMs : 0;
  return [...Array(scenario.accounts).keys()].flatMap((account) => {
    const issued = server.presentations.filter(
      ({ result, pair, issued }) => result === 'issued' && (pair ?? issued)?.line.account === account,
    );
    return issued.slice(1).flatMap((next, index) => {
      const before = issued[index]!;
      if (next.atMs - before.atMs >= floorMs) return [];
      const since = ({ atMs }: { atMs: number }) => atMs >= before.atMs - floorMs && atMs <= next.atMs;
      // A 401 asks for it where it refuses the very pair that was issued last.
      const isAsked =
        deeds.some(
          (deed) =>
            asking.has(deed.kind) &&
            // A renew() may have waited for the lock until now.
            (since(deed) || (deed.process === next.by && isUnderWay(deed, next.atMs))),
        ) || server.refusals.some((refusal) => refusal.pair === before.issued && since(refusal));
      // Whoever could not know of the renewal before this one has made it for another reason.
      const isUnknown =
        before.lost ||
        (deaths.get(before.by) ?? Infinity) <= next.atMs ||
        (next.by !== before.by && next.atMs - before.atMs <= hidden + scenario.store.lagMs) ||
        // What the other has saved is not in the store, or not whole.
        (next.by !== before.by && keepsLess(scenario)) ||
        // A service account whose pair is not saved asks for another, whatever the store holds.
        ((next.by !== before.by || scenario.grant === 'client_credentials') &&
          deeds.some(({ kind }) => hiding.has(kind)));
      return isAsked || isUnknown
        ? []
        : [
            `${next.by} renewed ${accountName(account)} at ${at(next.atMs)}, ${next.atMs - before.atMs} ms after ${before.by} had, and no 401 had asked for it (${net.calls.length} calls)`,
          ];
    });
  });
}

/** A save leaves a column that is none of the plugin's as its process has just loaded it. */
function columns({ table }: Run): string[] {
  return [...table.written].flatMap(([account, writes]) =>
    writes.flatMap((written) => {
      const loads = loadsBefore(table, written, account);
      const last = loads.at(-1);
      const cursor = written.given['sync_cursor'];
      const shown = loads.filter(({ row }) => row);
      const seen = shown.at(-1)?.row?.['sync_cursor'];
      const isRead = last?.row !== undefined;
      // A row that is gone is written anew, with or without what it was.
      const isGone = last?.readAtMs !== undefined && !isRead;
      // The first load of an account is believed when a second one shows the same.
      const isUnproven = last?.readAtMs === undefined && shown.length < 2;
      // What is in memory: the last save of this process, or what it has loaded since.
      const before = writes
        .filter(({ by, sentAtMs }) => by === written.by && sentAtMs < written.sentAtMs)
        .at(-1);
      const isRemembered =
        (before !== undefined && cursor === before.given['sync_cursor']) ||
        shown.some(
          ({ heardAtMs, row }) =>
            heardAtMs >= (before?.sentAtMs ?? -Infinity) && row?.['sync_cursor'] === cursor,
        );
      const isRight = isRead
        ? cursor === seen && last.heardAtMs === written.sentAtMs
        : isRemembered || ((isGone || isUnproven) && cursor === undefined);
      return isRight
        ? []
        : [
            `${written.by} put sync_cursor of ${accountName(account)} to ${String(cursor)} at ${at(written.sentAtMs)}, and had seen ${String(seen)} ${last ? `by ${at(last.heardAtMs)}` : 'never'}`,
          ];
    }),
  );
}

/** What the process of a save had heard of the row when it sent the save. */
function loadsBefore({ loads }: Table, { by, sentAtMs }: Written, account: number): Loaded[] {
  return loads.filter(
    (loaded) => loaded.by === by && loaded.account === account && loaded.heardAtMs <= sentAtMs,
  );
}

/**
 * Whether one process may not know from the store what another has saved. Of a service account's set the access token counts; one that tells
 * no times of its own, beside the `created_at` of an older one, is taken for the older one.
 */
function keepsLess({ grant, store, server }: Scenario): boolean {
  if (grant === 'refresh_token') return store.partial !== 'nothing';
  return (
    store.partial === 'keeps-nothing' || (store.partial === 'access-token-only' && server.tokens === 'opaque')
  );
}

function isUnderWay({ kind, atMs, endedAtMs }: Deed, nowMs: number): boolean {
  return kind === 'renew' && atMs <= nowMs && (endedAtMs ?? Infinity) >= nowMs;
}

function ends(run: Run): string[] {
  const { calls, lost, scenario, deeds, server, deaths, net, table } = run;
  const isUndecided =
    scenario.store.lock === 'none' &&
    scenario.server.oldAccess === 'dies-at-use' &&
    deeds.some(({ kind }) => hiding.has(kind));
  const unserved = calls.filter(({ phase, outcome }) => phase !== 'steps' && outcome !== '200');
  return unserved.flatMap(({ process, account, outcome, phase }) => {
    // Where the calls after all faults were served, nobody has logged in after that: an access token may have lived until then.
    const isAfterLogIn = phase === 'after-log-in' && run.unserved.has(account);
    const says = `${process} is not served for ${accountName(account)} ${isAfterLogIn ? 'after a new log-in' : 'after all faults'}: ${outcome}`;
    if (phase === 'after-log-in' && (server.lineOf(account)?.revokedBy || isOfRevoked(process, account)))
      return [];
    if (isAfterLogIn) return [says];
    // The warning says so; what is lost by it is lost.
    if (scenario.store.partial !== 'nothing') return [];
    // Two processes without a lock have a pair each, neither is saved, and the first use decides: the other one learns of it late.
    if (isUndecided) return [];
    if (!lost.has(account)) return [says];
    return isLossExplained(account) ? [] : [`${says}, and its token was lost`];
  });

  /**
   * A store that has not kept whole sets may have lost which of two log-ins is the newer one, and the older one that is used then may fall
   * with its authorization.
   */
  function isOfRevoked(process: string, account: number): boolean {
    const last = net.calls.filter((call) => call.by === process && call.account === account).at(-1);
    return scenario.store.partial !== 'nothing' && last?.pair?.line.revokedBy !== undefined;
  }

  /**
   * What an account was left with: an authorization that its process had not written before it died is gone with that, and the one before
   * stands, whose own loss is judged.
   */
  function standing(account: number): Line | undefined {
    const isGone = (line: Line, process: string | undefined) =>
      process !== undefined && deaths.has(process) && !isWritten(line);
    return [...run.authorizations]
      .filter(([line, process]) => line.account === account && !isGone(line, process))
      .map(([line]) => line)
      .filter(({ id }) => id <= (lost.get(account)?.id ?? 0))
      .at(-1);
  }

  function isWritten({ id, account }: Line): boolean {
    const writes = table.written.get(account) ?? [];
    return writes.some(({ given }) => server.pairOfAccess(given.access_token)?.line.id === id);
  }

  function isLossExplained(account: number): boolean {
    const line = standing(account);
    // What led to it is judged for itself.
    if (line?.revokedBy) return true;
    const touched = deeds.some(
      (deed) =>
        (deed.kind === 'delete-row' || deed.kind === 'foreign-row') &&
        (deed.account === account || deed.kind === 'foreign-row'),
    );
    const last = server.presentations.filter(({ issued }) => issued?.line === line).at(-1);
    if (touched || !last) return touched;
    const diedAtMs = deaths.get(last.by);
    const isSaved = net.acknowledgements.some(({ refresh }) => refresh === last.issued?.refresh);
    if (last.lost || (diedAtMs !== undefined && !isSaved)) return true;
    // Without a lock the other process may have saved what it had won before.
    return (
      scenario.store.lock === 'none' &&
      scenario.processes > 1 &&
      (table.written.get(account)?.length ?? 0) > 1
    );
  }
}

/** What a person has brought outranks every renewal of an older authorization. */
function olderLogIns(run: Run): string[] {
  const { stored, newest, deeds, scenario } = run;
  // What a save has brought is not what such a store holds: it is told of, and the log-in stays in memory.
  if (scenario.store.partial !== 'nothing' && run.told.some(({ what }) => what === 'store-contract'))
    return [];
  return [...stored].flatMap(([account, pair]) => {
    const line = newest.get(account);
    // An admin who puts a row back puts back what was in it.
    const isRestored = deeds.some((deed) => deed.kind === 'delete-row' && deed.account === account);
    return line && pair && pair.line.id < line.id && !line.revokedBy && !isRestored && !isOvertaken(run, line)
      ? [
          `the store holds ${nameOf(pair)} of ${accountName(account)}, and a person had brought authorization ${line.id}`,
        ]
      : [];
  });
}

/**
 * A store that neither locks nor compares cannot keep a save from landing on a log-in that was saved after its process had looked into the
 * store. Whoever has brought the log-in saves it again, unless it has ended before.
 */
function isOvertaken({ table, server, scenario, deaths }: Run, { id, account }: Line): boolean {
  if (scenario.store.lock !== 'none' || scenario.store.compares) return false;
  const writes = table.written.get(account) ?? [];
  const last = writes.at(-1);
  const brought = writes
    .filter(({ given }) => server.pairOfAccess(given.access_token)?.line.id === id)
    .at(-1);
  if (!last || !brought || (deaths.get(brought.by) ?? Infinity) > brought.atMs + lookBackMs) return false;
  const looked = loadsBefore(table, last, account).filter(({ readAtMs }) => readAtMs !== undefined);
  return (looked.at(-1)?.readAtMs ?? Infinity) <= brought.atMs;
}
