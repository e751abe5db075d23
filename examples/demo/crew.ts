import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { assignmentVariable, type Assignment, type Order, type Report } from './fleet-messages.js';

const script = fileURLToPath(new URL('fleet-worker.ts', import.meta.url));
/** How long a worker may take to end: it aborts its calls, and waits for a renewal that is under way. */
const leaveMs = 10_000;

/** A worker process, as the parent sees it. */
export interface Member {
  readonly name: string;
  tell(kind: Order['kind']): void;
  /** The next report of a kind; rejects when the process ends before it. */
  next<K extends Report['kind']>(kind: K): Promise<Extract<Report, { kind: K }>>;
  /** Ends the process, by a signal if it does not end by itself; resolves when it has ended. */
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
    // An error is ignored, because the process may just be ending.
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
