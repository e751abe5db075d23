import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { healthOf, healthPage } from 'axios-procore/health';
import type { Activity } from './fleet-messages.js';
import { describe } from './words.js';

/** Writes a page to a file; returns the line that names it, or says why there is none. Never throws, because the run has gone well. */
export function writePage(file: string, makePage: () => string): string {
  try {
    writeFileSync(file, makePage());
    return `How healthy Procore would find the calls with the plugin, those that the surprises met included, is on a page for your browser: ${resolve(file)}`;
  } catch (error) {
    return `There is no page on the run: ${describe(error)}`;
  }
}

/**
 * The page on what several workers have recorded.
 *
 * @throws Error where a worker has no report.
 */
export function pageOf(activities: readonly Activity[]): string {
  return healthPage(healthOf(joined(activities)));
}

/** One report of several: the first whole, the others without their line of columns. Rows of the same calls are added up by the reader. */
function joined(activities: readonly Activity[]): string {
  return activities
    .map((activity, index) => {
      if ('missing' in activity) throw new Error(activity.missing);
      const { csv } = activity;
      return index === 0 ? csv : csv.slice(csv.indexOf('\n') + 1);
    })
    .join('');
}
