import { checkFault } from './fault-checks.js';
import type { EmulatedRequest, Fault, FaultHandle } from './fault-types.js';
import type { LogEntry } from './log-types.js';

/** A request that is struck by a fault. */
export interface Strike {
  readonly fault: Fault;
  /** Counts the strike on the handle of the fault. */
  report(): void;
  /** Calls `go` when the fault is released; returns a function that cancels that. */
  onRelease(go: () => void): () => void;
}

/** The faults of one emulator, in the order of their registration. */
export interface Faults {
  add(fault: Fault): FaultHandle;
  /**
   * The first fault that takes this request; one of its strikes is then used up. `admits` tells whether the token check lets the request
   * through, which counts as a use of the token; it is asked only for a fault that stands behind that check.
   */
  take(kind: LogEntry['kind'], request: EmulatedRequest, admits: () => boolean): Strike | undefined;
}

interface Rule {
  readonly fault: Fault;
  left: number;
  hits: number;
  readonly held: Set<() => void>;
  readonly watchers: { count: number; resolve: () => void }[];
}

/** Creates an empty list of faults. */
export function createFaults(): Faults {
  const rules: Rule[] = [];
  return {
    add(fault) {
      checkFault(fault);
      const { times = 1 } = fault;
      const rule: Rule = { fault, left: times, hits: 0, held: new Set(), watchers: [] };
      rules.push(rule);
      return handleOf(rule);
    },
    take(kind, request, admits) {
      const rule = rules.find(
        ({ left, fault }) =>
          left >= 1 && matches(fault, kind, request) && (!isBehindCheck(fault) || admits()),
      );
      if (rule === undefined) return undefined;
      rule.left -= 1;
      return strikeOf(rule);
    },
  };
}

function matches({ on }: Fault, kind: LogEntry['kind'], request: EmulatedRequest): boolean {
  return typeof on === 'function' ? on(request) : on === kind;
}

/** A made-up answer comes from the API itself, which refuses a wrong token first. All other faults are those of the way there. */
function isBehindCheck({ do: { kind }, beforeTokenCheck = false }: Fault): boolean {
  return kind === 'answer' && !beforeTokenCheck;
}

function strikeOf(rule: Rule): Strike {
  return {
    fault: rule.fault,
    report() {
      rule.hits += 1;
      for (const watcher of rule.watchers) if (rule.hits >= watcher.count) watcher.resolve();
    },
    onRelease(go) {
      rule.held.add(go);
      return () => void rule.held.delete(go);
    },
  };
}

function handleOf(rule: Rule): FaultHandle {
  return {
    get hits() {
      return rule.hits;
    },
    struck: (count = 1) =>
      new Promise((resolve) => {
        if (rule.hits >= count) resolve();
        else rule.watchers.push({ count, resolve });
      }),
    release() {
      rule.left = 0;
      for (const go of rule.held) go();
      rule.held.clear();
    },
    remove() {
      rule.left = 0;
    },
  };
}
