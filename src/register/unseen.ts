import cluster from 'node:cluster';
import { subscribe } from 'node:diagnostics_channel';
import { realpathSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { Reporter } from './say.js';

/** The paths of tools such as package managers and compilers, into which NODE_OPTIONS loads register as well. */
const toolPath = /[\\/](?:node_modules|corepack|\.yarn|\.pnpm|yarn[^\\/]*[\\/]bin|lib[\\/]cli)[\\/]/;

/**
 * Reports at the exit of the process that no axios was loaded in it. Not in a worker thread, not in a tool that got register by
 * NODE_OPTIONS, and not in a process that has started other processes, which may have loaded one.
 */
export function tellIfUnseen(isSeen: () => boolean, reporter: Reporter): void {
  if (!isMainThread) return;
  let hasStartedOthers = false;
  for (const channel of ['child_process', 'worker_threads'])
    subscribe(channel, () => (hasStartedOthers = true));
  process.on('exit', () => {
    if (isSeen() || hasStartedOthers) return;
    const isQuiet = isTool(process.argv[1]) || process.send !== undefined || isClusterParent();
    reporter.say(
      isQuiet ? 'info' : 'warn',
      'no axios was loaded in this process, so nothing was attached: calls by fetch or another client, and those of an axios inside a bundle, are not seen',
    );
  });
}

/** Whether the program is a tool. A program with register on its own command line is none. */
function isTool(main: string | undefined): boolean {
  if (process.execArgv.some((flag) => /axios-procore|register/.test(flag))) return false;
  if (main === undefined) return true;
  try {
    return toolPath.test(realpathSync(main));
  } catch {
    return toolPath.test(main);
  }
}

function isClusterParent(): boolean {
  return cluster.isPrimary && Object.keys(cluster.settings ?? {}).length > 0;
}
