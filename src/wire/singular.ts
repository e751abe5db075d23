/** Plurals that no rule below gives. */
const irregular: Readonly<Record<string, string>> = {
  people: 'person',
  children: 'child',
  criteria: 'criterion',
  analyses: 'analysis',
  caches: 'cache',
  movies: 'movie',
  series: 'series',
};

/** The ends of plurals, the first that fits counts. */
const endings: readonly (readonly [plural: RegExp, singular: string])[] = [
  [/([^aeiou])ies$/, '$1y'],
  [/(ss|x|ch|sh)es$/, '$1'],
  [/(stat|bon|camp|b|vir)uses$/, '$1us'],
  // Words that end in one of these are no plurals: status, address, analysis.
  [/(ss|us|(?:ys|as|ax)is)$/, '$1'],
  [/s$/, ''],
];

/** The singular of a resource's name as it stands in a path: `project` for `projects`, `timecard_entry` for `timecard_entries`. */
export function singularOf(name: string): string {
  const start = name.lastIndexOf('_') + 1;
  const before = name.slice(0, start);
  const last = name.slice(start);
  if (Object.hasOwn(irregular, last)) return before + irregular[last]!;
  const ending = endings.find(([plural]) => plural.test(last));
  return ending ? before + last.replace(...ending) : name;
}
