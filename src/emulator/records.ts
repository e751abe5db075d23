import { textOf, violationsOf, type Fields, type Rule, type Violations } from './fields.js';

/** Where records are: in a company, and there in a project, or in the company itself. */
export interface Place {
  readonly company: string;
  readonly parent: string;
}

/** One record. */
export interface Item {
  readonly id: number;
  readonly [field: string]: unknown;
}

interface Entry {
  readonly place: Place;
  /** Replaced by a change: a field `__proto__`, assigned to an object that is there, would be its prototype. */
  item: Item;
}

/** The result of a write: the record, or why its fields were refused. */
export type Written = { readonly item: Item } | { readonly errors: Violations };

/** The result of a sync action: the records that were written, and the items that failed, each with its `errors` by field. */
interface SyncResult {
  readonly entities: Item[];
  readonly errors: object[];
}

/** What makes the records of one kind. */
export interface RecordKind {
  readonly firstId: number;
  readonly rules: Readonly<Record<string, Rule>>;
  /** Fields that a new record has where the client has sent none. */
  readonly defaults?: (fields: Fields, count: number) => Fields;
  /** Fields that follow from others, and further reasons to refuse them. */
  readonly derived?: (fields: Fields) => { fields?: Fields; errors?: Violations };
}

/** The records of one kind in all places. */
export interface Records {
  /** In the order of their creation. */
  list(place: Place): readonly Item[];
  find(place: Place, id: string): Item | undefined;
  /** Puts a record that is there from the beginning. */
  seed(place: Place, item: Item): void;
  /** `isOpaque`: the fields are taken without a check. */
  create(place: Place, fields: Fields, userId: number, isOpaque?: boolean): Written;
  /** Undefined where there is no such record. */
  update(place: Place, id: string, fields: Fields): Written | undefined;
  /** Creates or updates, item by item. Source: Procore, "Using Sync Actions". */
  sync(place: Place, updates: readonly Fields[], userId: number): SyncResult;
}

/** `now` in milliseconds. */
export function createRecords(now: () => number, kind: RecordKind): Records {
  const byPlace = new Map<string, Entry[]>();
  const byId = new Map<string, Entry>();
  const byOrigin = new Map<string, Entry>();
  let count = 0;
  const keyOf = ({ company, parent }: Place) => `${company} ${parent}`;
  const rules = { ...kind.rules, origin_id: 'text or number' } as const;
  const entriesIn = (place: Place): readonly Entry[] => byPlace.get(keyOf(place)) ?? [];
  const find = (place: Place, id: unknown) => {
    const entry = byId.get(textOf(id) ?? '');
    return entry && keyOf(entry.place) === keyOf(place) ? entry : undefined;
  };

  function seed(place: Place, item: Item): void {
    const entries = byPlace.get(keyOf(place)) ?? [];
    byPlace.set(keyOf(place), entries);
    const entry = { place, item };
    entries.push(entry);
    byId.set(String(item.id), entry);
    noteOrigin(entry);
  }

  function noteOrigin(entry: Entry): void {
    const origin = originOf(entry.place, entry.item.origin_id);
    if (origin !== undefined) byOrigin.set(origin, entry);
  }

  function withOrigin(place: Place, originId: unknown): Entry | undefined {
    return byOrigin.get(originOf(place, originId) ?? '');
  }

  function refused(place: Place, fields: Fields, known?: Entry): Violations | undefined {
    const errors: Violations = {
      ...violationsOf(fields, rules, known !== undefined),
      ...kind.derived?.(fields).errors,
    };
    const other = withOrigin(place, fields.origin_id);
    if (other !== undefined && other !== known) errors.origin_id = ['has already been taken'];
    return Object.keys(errors).length > 0 ? errors : undefined;
  }

  function create(place: Place, fields: Fields, userId: number, isOpaque = false): Written {
    const errors = isOpaque ? undefined : refused(place, fields);
    if (errors) return { errors };
    const at = new Date(now()).toISOString();
    const item = {
      origin_id: null,
      ...kind.defaults?.(fields, entriesIn(place).length),
      ...fields,
      ...kind.derived?.(fields).fields,
      id: kind.firstId + count++,
      created_at: at,
      updated_at: at,
      created_by: personOf(userId),
    };
    seed(place, item);
    return { item };
  }

  function change(entry: Entry, fields: Fields): Written {
    const { place, item: before } = entry;
    const errors = refused(place, fields, entry);
    if (errors) return { errors };
    const { id, created_at, created_by } = before;
    const updated_at = new Date(now()).toISOString();
    const changed = { ...before, ...fields };
    byOrigin.delete(originOf(place, before.origin_id) ?? '');
    entry.item = { ...changed, ...kind.derived?.(changed).fields, id, created_at, created_by, updated_at };
    noteOrigin(entry);
    return { item: entry.item };
  }

  function upsert(place: Place, fields: Fields, userId: number): Written {
    if (isSet(fields.id)) {
      const known = find(place, fields.id);
      return known ? change(known, fields) : { errors: { id: ['Entity with this ID not found'] } };
    }
    const known = withOrigin(place, fields.origin_id);
    // One in another project of the company stays there, and its origin_id is refused as taken.
    const isHere = known !== undefined && keyOf(known.place) === keyOf(place);
    return isHere ? change(known, fields) : create(place, fields, userId);
  }

  return {
    list: (place) => entriesIn(place).map(({ item }) => item),
    find: (place, id) => find(place, id)?.item,
    seed,
    create,
    update(place, id, fields) {
      const known = find(place, id);
      return known && change(known, fields);
    },
    sync(place, updates, userId) {
      const result: SyncResult = { entities: [], errors: [] };
      for (const fields of updates) {
        const written = upsert(place, fields, userId);
        if ('item' in written) result.entities.push(written.item);
        else result.errors.push({ ...fields, errors: written.errors });
      }
      return result;
    },
  };
}

/** An `origin_id` is unique in a company, whichever project the record is in. Undefined for a record that has none. */
function originOf({ company }: Place, originId: unknown): string | undefined {
  const text = textOf(originId);
  return text === undefined || text === '' ? undefined : `${company} ${text}`;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** A user as records name them. */
export function personOf(userId: number): Item & { login: string; name: string } {
  return { id: userId, login: `user-${userId}@example.com`, name: `User ${userId}` };
}
