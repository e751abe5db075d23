type Listed = Readonly<Record<string, unknown>>;

/**
 * The items that the query asks for, in its order: `filters[status]=open,draft`, `filters[updated_at]=2026-01-01...2026-01-31` and
 * `sort=-updated_at`. A range includes both ends, the last day of dates without a time as a whole. Source: Procore, "Filtering and Sorting
 * on List Actions".
 */
export function filtered(items: readonly object[], query: URLSearchParams): readonly object[] {
  let kept = items as readonly Listed[];
  for (const [name, value] of query) {
    const [, field] = /^filters\[(\w+)\](?:\[\])?$/.exec(name) ?? [];
    // Nothing is ever deleted here.
    if (field === undefined || field === 'include_deleted') continue;
    const passes = testOf(value.replaceAll('"', ''));
    kept = kept.filter((item) => passes(textOf(item[field])));
  }
  return sorted(kept, query.get('sort') ?? '');
}

function testOf(value: string): (text: string) => boolean {
  const [from, to] = value.split('...');
  if (from === undefined || to === undefined) return (text) => value.split(',').includes(text);
  const least = from === '' ? -Infinity : Date.parse(from);
  const most = to === '' ? Infinity : Date.parse(to.includes('T') ? to : `${to}T23:59:59.999Z`);
  return (text) => Date.parse(text) >= least && Date.parse(text) <= most;
}

function sorted(items: readonly Listed[], sort: string): readonly Listed[] {
  const [sign, field] = sort.startsWith('-') ? [-1, sort.slice(1)] : [1, sort];
  if (field === '') return items;
  return [...items].sort((one, other) => sign * compare(textOf(one[field]), textOf(other[field])));
}

function textOf(value: unknown): string {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}

function compare(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
