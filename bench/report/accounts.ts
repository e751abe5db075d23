import type { Spread } from '../support/statistics.js';
import { short, times, type Report } from './report.js';

/** Of so many accounts that one program serves. */
export interface AccountsRow {
  readonly how: string;
  readonly accounts: number;
  readonly rounds: number;
  /** Besides the text of the tokens; absent for one account. */
  readonly bytesPerAccount?: number;
  /** What the first call of an account takes of the CPU beyond a later one; absent for one account. */
  readonly firstUseMicroseconds?: number;
  readonly callMicroseconds: number;
  /** A call, beside one in a program with one account, in the same turn. */
  readonly toOneAccount: Spread;
}

export interface AccountsFigures {
  readonly rows: readonly AccountsRow[];
  readonly idle: {
    readonly accounts: number;
    readonly minutes: number;
    /** All there is, the text of the tokens included. */
    readonly bytesInUse: number;
    readonly bytesAfter: number;
  };
}

export function reportAccounts({ rows, idle }: AccountsFigures): Report {
  const ours = rows.filter(({ how }) => how === 'axios-procore');
  const most = ours.at(-1)!;
  const firstUse = most.firstUseMicroseconds ?? 0;
  const bytes = most.bytesPerAccount ?? 0;
  const of = `${most.accounts.toLocaleString('en')} accounts`;
  return {
    tables: [
      {
        title: 'One program, many accounts',
        text:
          'Each account makes a call on a stub adapter, then the accounts take turns in an order that is drawn. Bytes are those beside the text of the tokens (664 bytes); ' +
          'the first use is what the first call of an account takes beyond a later one; the last column compares a call with one in a program that has one account. ' +
          'A map of bearers that an application fills by hand is the least that many accounts can cost.',
        head: [
          '',
          'accounts',
          'bytes per account',
          'CPU µs of the first use',
          'CPU µs per call',
          '× at one account',
          'rounds',
        ],
        rows: rows.map((row) => [
          row.how,
          row.accounts.toLocaleString('en'),
          row.bytesPerAccount === undefined ? '–' : short(row.bytesPerAccount),
          row.firstUseMicroseconds === undefined ? '–' : short(row.firstUseMicroseconds),
          short(row.callMicroseconds),
          times(row.toOneAccount.median),
          String(row.rounds),
        ]),
      },
      {
        title: 'Accounts that are idle',
        text: `${idle.accounts.toLocaleString('en')} accounts make a call each, and none for ${idle.minutes} minutes, on a virtual clock. All bytes count, the text of the tokens included.`,
        head: ['', 'bytes per account'],
        rows: [
          ['after the call', short(idle.bytesInUse)],
          [`after ${idle.minutes} idle minutes`, short(idle.bytesAfter)],
        ],
      },
    ],
    aims: [
      {
        what: `bytes per account in use, ${of}`,
        aim: 'at most 3,000 besides the text of the tokens',
        measured: short(bytes),
        isMet: bytes <= 3_000,
      },
      {
        what: 'bytes per account that is idle',
        aim: 'at most 200',
        measured: short(idle.bytesAfter),
        isMet: idle.bytesAfter <= 200,
      },
      {
        what: `first use of an account, ${of}`,
        aim: 'at most 50 µs of CPU beyond a later call',
        measured: `${short(firstUse)} µs`,
        isMet: firstUse <= 50,
      },
      {
        what: `a call with ${of}`,
        aim: 'at most 1.5 × a call with one account',
        measured: times(most.toOneAccount.median),
        isMet: most.toOneAccount.median <= 1.5,
      },
    ],
  };
}
