import { mediaTypeOf, type Arrival } from './message.js';

/** The fields of a record as a client sends them. */
export type Fields = Readonly<Record<string, unknown>>;

/** The reasons why fields were refused, by field: Procore's own form. */
export type Violations = Record<string, string[]>;

/** What a field takes; a list names its values. */
export type Rule =
  'required text' | 'text' | 'text or number' | 'date' | 'number' | 'required id' | 'id' | readonly string[];

/** How deep JSON may be nested for the parser of Ruby, which Procore's API is written in. */
const mostLevels = 100;

/** The JSON object in a body; undefined for anything else, and for one that is nested too deep. */
export function objectIn(source: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return isFields(value) && hasLevels(value, mostLevels) ? value : undefined;
  } catch {
    return undefined;
  }
}

function hasLevels(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return most > 0 && Object.values(value).every((inner) => hasLevels(inner, most - 1));
}

/** Whether a value from JSON is an object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The body of a request that creates or updates a record. */
export interface Sent {
  readonly fields: Fields;
  /** What stands beside the record: `project_id` in `{ project_id, punch_item: {…} }`. */
  readonly beside: Fields;
  /** True for a body that is neither JSON nor a form, of which only the type and the length are kept. */
  readonly isOpaque?: true;
}

/** The fields of a record, with or without the wrapper `{ rfi: {…} }`, from JSON or a form; undefined for any other JSON. */
export function sentIn(request: Arrival, wrapper: string): Sent | undefined {
  const type = mediaTypeOf(request);
  // The fetch adapter of some versions of axios sends a multipart form under the type of the other one.
  const isMultipart = request.body.startsWith('--');
  if (type === 'application/x-www-form-urlencoded' && !isMultipart)
    return unwrapped(formIn(request.body, wrapper), wrapper);
  if (type !== 'application/json' && type !== '') {
    const fields = { content_type: type, content_length: request.bytes.length };
    return { fields, beside: {}, isOpaque: true };
  }
  const body = objectIn(request.body);
  return body && unwrapped(body, wrapper);
}

function unwrapped(body: Fields, wrapper: string): Sent {
  const inside = body[wrapper];
  return isFields(inside) ? { fields: inside, beside: body } : { fields: body, beside: body };
}

/** A form, in which `rfi[subject]` is the field of a wrapped record. */
function formIn(source: string, wrapper: string): Fields {
  const inside: Record<string, unknown> = {};
  const body: Record<string, unknown> = {};
  for (const [name, value] of new URLSearchParams(source)) {
    const [, wrapped] = new RegExp(`^${wrapper}\\[(\\w+)\\]$`).exec(name) ?? [];
    if (wrapped === undefined) body[name] = value;
    else inside[wrapped] = value;
  }
  return Object.keys(inside).length > 0 ? { ...body, [wrapper]: inside } : body;
}

/** Checks fields by rules. `isUpdate`: what is left out stays as it is. */
export function violationsOf(
  fields: Fields,
  rules: Readonly<Record<string, Rule>>,
  isUpdate: boolean,
): Violations {
  const found: Violations = {};
  for (const [name, rule] of Object.entries(rules)) {
    const value = fields[name];
    if (value === undefined && isUpdate) continue;
    const isRequired = typeof rule === 'string' && rule.startsWith('required');
    if (isBlank(value)) {
      if (isRequired) found[name] = ["can't be blank"];
    } else {
      const wrong = wrongBy(rule, value);
      if (wrong !== undefined) found[name] = [wrong];
    }
  }
  return found;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function wrongBy(rule: Rule, value: unknown): string | undefined {
  if (typeof rule !== 'string')
    return rule.includes(value as string) ? undefined : 'is not included in the list';
  switch (rule) {
    case 'required text':
    case 'text':
      return typeof value === 'string' ? undefined : 'must be a string';
    case 'date':
      return isDate(value) ? undefined : 'is not a valid date';
    case 'text or number':
      return textOf(value) === undefined ? 'must be a string' : undefined;
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(textOf(value) ?? '') ? undefined : 'is not a number';
    case 'required id':
    case 'id':
      return /^\d+$/.test(textOf(value) ?? '') ? undefined : 'is not a number';
  }
}

/** A text or a number of a client as text; undefined for anything else, of which some cannot be made a text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function isDate(value: unknown): boolean {
  return (
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(value) && !Number.isNaN(Date.parse(value))
  );
}
