import { UsageError, type Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Paint } from '../colors.js';
import { findingsOf } from '../doctor/checks.js';
import { failed, type Finding } from '../doctor/finding.js';
import type { Io } from '../io.js';
import { open, type Opened } from '../opened.js';
import { countOf, sentence } from '../words.js';

/** Looks for what keeps calls from working, and says for each check what was tried, what came, and what to do. */
export async function doctor(
  io: Io,
  settings: Settings,
  { account, refresh = false }: { account?: string | undefined; refresh?: boolean | undefined },
): Promise<Answer> {
  const findings: Finding[] = [];
  const opened = openedOr(io, settings, findings);
  if (opened) {
    const done = io.waiting('Checking');
    try {
      const asked = { account: account ?? opened.ownAccount, isRenewing: refresh };
      for await (const finding of findingsOf(io, opened, asked)) findings.push(cleaned(finding, settings));
    } finally {
      done();
    }
  }
  const isGood = findings.every(({ state }) => state !== 'failed');
  return {
    isGood,
    data: { checks: findings },
    lines: (paint) => [...findings.flatMap((finding) => linesOf(finding, paint)), '', summaryOf(findings)],
  };
}

/** What the settings lead to; undefined where they are wrong, which is the first finding then, and the last. */
function openedOr(io: Io, settings: Settings, findings: Finding[]): Opened | undefined {
  try {
    return open(io, settings);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const judged = failed('they are not complete, or wrong', settings.clean(error.message));
    findings.push({ check: 'settings', tried: 'read the settings', ...judged });
    return undefined;
  }
}

function cleaned(finding: Finding, { clean }: Settings): Finding {
  const { came, remedy, shown, ...others } = finding;
  return { ...others, came: clean(came, shown), ...(remedy === undefined ? {} : { remedy: clean(remedy) }) };
}

function linesOf({ check, state, tried, came, remedy }: Finding, paint: Paint): string[] {
  const paints = { ok: paint.good, warning: paint.warning, failed: paint.bad, skipped: paint.faint };
  return [
    `${paints[state](state.padEnd(8))}${check.padEnd(12)} ${sentence(came)}`,
    `${' '.repeat(21)}${paint.faint(`Tried: ${sentence(tried)}`)}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(21)}What to do: ${remedy}`]),
  ];
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (wanted: Finding['state']) => findings.filter(({ state }) => state === wanted).length;
  const [bad, warned] = [count('failed'), count('warning')];
  if (bad === 0 && warned === 0) return 'Nothing is wrong.';
  return `${countOf(bad, 'check')} failed, ${countOf(warned, 'warning')}.`;
}
