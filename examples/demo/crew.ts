import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The variable with a worker's assignment as JSON. */
export const assignmentVariable = 'AXIOS_PROCORE_DEMO_ASSIGNMENT';
/** How long a worker may take to end: it aborts its calls, and waits for a renewal that is under way. */
const leaveMs = 10_000;

/** A message, told apart by its kind. */
interface Message {
  readonly kind: string;
}

/** A worker process, as the parent sees it. */
export interface Member<Order extends Message, Report extends Message> {
  readonly name: string;
  tell(order: Order): void;
  /** The next report of a kind; rejects when the process ends before it. */
  next<K extends Report['kind']>(kind: K): Promise<Extract<Report, { kind: K }>>;
  /** Ends the process, by a signal if it does not end by itself; resolves when it has ended. */
  leave(): Promise<void>;
}

/** Starts a script as a worker, under the loader of this process. It ends at the order `leave`. */
export function hire<Order extends Message, Report extends Message>(
  { name, script, assignment, leave }: { name: string; script: URL; assignment: object; leave: Order },
  listen: (report: Report) => void = () => undefined,
): Member<Order, Report> {
  const child = fork(fileURLToPath(script), [], {
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
  const tell = (order: Order) => {
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
      tell(leave);
      const force = setTimeout(() => child.kill('SIGKILL'), leaveMs);
      await ended;
      clearTimeout(force);
    },
  };
}
