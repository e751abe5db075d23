/**
 * The items of a page: of an array (v1), of a `data` that is one (v2), or of an answer with either. Undefined for anything else. The value
 * is what the instance's interceptors have made of the answer, which may be the body alone.
 */
export function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value as unknown[];
  const body = dataOf(value);
  if (Array.isArray(body)) return body as unknown[];
  const inner = dataOf(body);
  return Array.isArray(inner) ? inner : undefined;
}

function dataOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as { data?: unknown }).data : undefined;
}
