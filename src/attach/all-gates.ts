import type { Gates } from '../pacing/gates.js';
import type { SharedPacing } from '../pacing/shared/exchange.js';
import { createWeakList } from './weak-list.js';

/** The gates of attaches that share a store: those of each pacing that is shared with other processes, and those of this process alone. */
export interface AllGates extends Pick<Gates, 'sweep' | 'giveBack'> {
  /** The gates of calls that are paced through `shared`; without it, by what this process alone knows. */
  under(shared: SharedPacing | undefined): Gates;
}

/** Creates the gates at the first use of each `shared`. */
export function createAllGates(create: (shared: SharedPacing | undefined) => Gates): AllGates {
  const own = create(undefined);
  const ofShared = new WeakMap<SharedPacing, Gates>();
  /** Weak, because an application may make a new `shared` for each attach. */
  const all = createWeakList<Gates>();
  all.add(own);

  return {
    under(shared) {
      if (!shared) return own;
      const known = ofShared.get(shared);
      if (known) return known;
      const gates = create(shared);
      ofShared.set(shared, gates);
      all.add(gates);
      return gates;
    },
    sweep() {
      for (const gates of all.items()) gates.sweep();
    },
    giveBack() {
      for (const gates of all.items()) gates.giveBack();
    },
  };
}
