import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { assignmentVariable, type Assignment, type Order, type Report } from './fleet-messages.js';

const script = fileURLToPath(new URL('fleet-worker.ts', import.meta.url));
/** What is in flight is aborted, and a renewal under way is let finish. */
const leaveMs = 10_000;

/** A worker, seen from the parent. */
export interface Member {
  readonly name: string;
  tell(kind: Order['kind']): void;
  /** The next report of a kind; rejects when the process ends before it. */
  next<K extends Report['kind']>(kind: K): Promise<Extract<Report, { kind: K }>>;
  /** Resolves when the process has ended: of itself, or else by force. */
  leave(): Promise<void>;
}

/** Starts a worker under the loader of this process. */
export function hire(name: string, assignment: Assignment, listen: (report: Report) => void): Member {
  const child = fork(script, [], {
    env: { ...process.env, [assignmentVariable]: JSON.stringify(assignment) },
  });
  const heard = new EventEmitter();
  const gone = new AbortController();
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      gone.abort(new Error(`${name} ended with ${signal ?? code}`));
      resolve();
    });
  });
  child.on('message', (report: Report) => {
    listen(report);
    heard.emit(report.kind, report);
  });
  const tell = (kind: Order['kind']) => {
    const order: Order = { kind };
    // It may end at this very moment.
    if (child.connected) child.send(order, () => undefined);
  };

  return {
    name,
    tell,
    async next(kind) {
      try {
        const [report] = await once(heard, kind, { signal: gone.signal });
        return report;
      } catch (error) {
        throw gone.signal.reason ?? error;
      }
    },
    async leave() {
      tell('leave');
      const force = setTimeout(() => child.kill('SIGKILL'), leaveMs);
      await ended;
      clearTimeout(force);
    },
  };
}
