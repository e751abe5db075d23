import cluster from 'node:cluster';
import { subscribe } from 'node:diagnostics_channel';
import { realpathSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { Voice } from './say.js';

/** Package managers, compilers and the like, which NODE_OPTIONS brings register into. */
const toolPath = /[\\/](?:node_modules|corepack|\.yarn|\.pnpm|yarn[^\\/]*[\\/]bin|lib[\\/]cli)[\\/]/;

/**
 * Tells at the exit of a process that no axios was loaded in it. Not of a thread, of a tool that NODE_OPTIONS reaches, and of a process
 * that has started others: those may have the axios.
 */
export function tellIfUnseen(isSeen: () => boolean, voice: Voice): void {
  if (!isMainThread) return;
  let hasStartedOthers = false;
  for (const channel of ['child_process', 'worker_threads'])
    subscribe(channel, () => (hasStartedOthers = true));
  process.on('exit', () => {
    if (isSeen() || hasStartedOthers) return;
    const isQuiet = isTool(process.argv[1]) || process.send !== undefined || isClusterParent();
    voice.say(
      isQuiet ? 'info' : 'warn',
      'no axios was loaded in this process, so nothing was attached: calls by fetch or another client, and those of an axios inside a bundle, are not seen',
    );
  });
}

/** Whoever names register on the command line means this very program. */
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
