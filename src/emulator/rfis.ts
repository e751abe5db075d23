const firstRfiId = 562949953430001;

/** The fields of an RFI as a client sends them. */
export type RfiFields = Readonly<Record<string, unknown>>;

/** The result of a sync: the RFIs that were written, and the items that failed, each with its `errors` by field. */
interface SyncResult {
  entities: object[];
  errors: object[];
}

/** The RFIs of all projects. Every project id is accepted, so that tests need not look one up. */
export interface Rfis {
  list(projectId: string): readonly object[];
  create(projectId: string, fields: RfiFields, userId: number): object;
  /** Creates or updates, item by item: `origin_id` tells whether an RFI is there already. An item without a subject fails. */
  sync(projectId: string, updates: readonly RfiFields[], userId: number): SyncResult;
}

/** `now` in milliseconds. */
export function createRfis(now: () => number): Rfis {
  const byProject = new Map<string, Record<string, unknown>[]>();
  let count = 0;

  function create(projectId: string, fields: RfiFields, userId: number): object {
    const rfis = byProject.get(projectId) ?? [];
    byProject.set(projectId, rfis);
    const rfi = {
      ...fields,
      id: firstRfiId + count++,
      number: String(rfis.length + 1),
      created_at: new Date(now()).toISOString(),
      created_by: { id: userId },
    };
    rfis.push(rfi);
    return rfi;
  }

  function upsert(projectId: string, fields: RfiFields, userId: number): object {
    const known = byProject
      .get(projectId)
      ?.find(({ origin_id }) => origin_id !== undefined && origin_id === fields.origin_id);
    if (known === undefined) return create(projectId, fields, userId);
    const { id, number, created_at, created_by } = known;
    return Object.assign(known, fields, { id, number, created_at, created_by });
  }

  return {
    list: (projectId) => byProject.get(projectId) ?? [],
    create,
    sync(projectId, updates, userId) {
      const result: SyncResult = { entities: [], errors: [] };
      for (const fields of updates) {
        if (hasSubject(fields)) result.entities.push(upsert(projectId, fields, userId));
        else result.errors.push({ ...fields, errors: { subject: ["can't be blank"] } });
      }
      return result;
    },
  };
}

function hasSubject({ subject }: RfiFields): boolean {
  return typeof subject === 'string' && subject.trim() !== '';
}
