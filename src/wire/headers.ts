type Headers = Record<string, unknown>;

const companyHeader = 'procore-company-id';
const idempotencyHeader = 'idempotency-token';

/** The value of a header, from axios's header object or a plain one. Names compare without case (RFC 9110). */
export function headerOf(headers: object | undefined, name: string): unknown {
  for (const own of Object.keys(headers ?? {})) {
    if (isNamed(own, name)) return (headers as Headers)[own];
  }
  return undefined;
}

/** Whether a header's name is this one, which is given in lower case. */
export function isNamed(own: string, name: string): boolean {
  return own === name || (own.length === name.length && own.toLowerCase() === name);
}

/** The headers of the instance's defaults, which axios 1.0 and 1.1 keep under a symbol; a header of the call replaces that of the defaults. */
function defaultsOf(headers: object): Headers | undefined {
  // From axios 1.2 on, header objects can be iterated over. That is asked first, because symbols are slow to list, and every call comes here.
  if (Symbol.iterator in headers) return undefined;
  const [symbol] = Object.getOwnPropertySymbols(headers);
  if (symbol?.description !== 'defaults') return undefined;
  return (headers as Record<symbol, Headers | null>)[symbol] ?? {};
}

/** The headers of a call, with those of the defaults that it does not replace. */
function entriesOf(headers: object | undefined): [string, unknown][] {
  const own = Object.entries(headers ?? {});
  const defaults = headers && defaultsOf(headers);
  if (!defaults) return own;
  // Where a configuration is sent again, the defaults contain the methods of a header object: functions are left out.
  const isOwn = (name: string) => own.some(([other]) => isNamed(other, name.toLowerCase()));
  const under = Object.entries(defaults);
  return [...under.filter(([name, value]) => typeof value !== 'function' && !isOwn(name)), ...own];
}

/** The text that an interceptor writes in the place of a token that it does not have. It is nobody's bearer. */
const placeholder = /^(|undefined|null|nan|true|false|\[object \w+\]|''|"")$/i;

/** The bearer that the call brings along, if any. Where the header is there in several spellings, axios sends the last one. */
export function bearerOf(headers: object | undefined): string | undefined {
  const sent = entriesOf(headers).filter(([name, value]) => isNamed(name, 'authorization') && isSent(value));
  const value = sent.at(-1)?.[1];
  const text = Array.isArray(value) ? value.join(', ') : value;
  const token = typeof text === 'string' ? /^\s*bearer\s+(.*?)\s*$/i.exec(text)?.[1] : undefined;
  return token === undefined || placeholder.test(token) ? undefined : token;
}

/** The company that the call names in a header of its own, if any. */
export function companyIn(headers: object | undefined): string | undefined {
  return sentIn(headers, companyHeader);
}

/** The `Idempotency-Token` in a header of the call's own, if any. */
export function idempotencyTokenIn(headers: object | undefined): string | undefined {
  return sentIn(headers, idempotencyHeader);
}

/** A copy of the headers with another `Idempotency-Token`. */
export function withIdempotencyToken(headers: object, token: string): object {
  const copy = { ...headers };
  replace(copy, 'Idempotency-Token', token);
  return copy;
}

function sentIn(headers: object | undefined, header: string): string | undefined {
  if (!headers || !mayHave(headers, header)) return undefined;
  const [, value] = entriesOf(headers).find(([name, named]) => isNamed(name, header) && isSent(named)) ?? [];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** False for the values with which axios does not send a header. */
function isSent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '';
}

/** Whether the call has an `Authorization` header of its own. */
export function hasAuthorization(headers: object | undefined): boolean {
  return headers !== undefined && mayHave(headers, 'authorization');
}

/** False where a header is certainly not there. It answers quickly, because most calls have none of those that are looked for. */
function mayHave(headers: object, header: string): boolean {
  if (defaultsOf(headers)) return true;
  for (const name of Object.keys(headers)) if (isNamed(name, header)) return true;
  return false;
}

/** The headers that a call is sent with where it has none of its own. */
export interface GivenHeaders {
  readonly companyId?: string | number | bigint | undefined;
  readonly idempotencyToken?: string | undefined;
}

/** A copy of the call's headers, with this access token in the place of its own bearer, and with those of `given` that it does not have. */
export function headersToSend(
  headers: object | undefined,
  accessToken: string | undefined,
  { companyId, idempotencyToken }: GivenHeaders,
): object {
  // The copy has the same prototype, because from axios 1.0 on headers are objects with methods.
  const copy = Object.create(Object.getPrototypeOf(headers ?? {}) as object | null) as Headers;
  let hasCompany = false;
  let hasToken = false;
  const own = headers && defaultsOf(headers) ? Object.fromEntries(entriesOf(headers)) : (headers as Headers);
  for (const name of Object.keys(own ?? {})) {
    if (accessToken !== undefined && isNamed(name, 'authorization')) continue;
    const value = own[name];
    if (isNamed(name, companyHeader)) hasCompany = isSent(value);
    else if (isNamed(name, idempotencyHeader)) hasToken = isSent(value);
    copy[name] = value;
  }
  if (accessToken !== undefined) copy['Authorization'] = `Bearer ${accessToken}`;
  if (!hasCompany && companyId !== undefined) replace(copy, 'Procore-Company-Id', String(companyId));
  if (!hasToken && idempotencyToken !== undefined) replace(copy, 'Idempotency-Token', idempotencyToken);
  return copy;
}

/** Sets a header in the place of those of the same name that are not sent. */
function replace(headers: Headers, header: string, value: string): void {
  const lowerCase = header.toLowerCase();
  for (const name of Object.keys(headers)) if (isNamed(name, lowerCase)) delete headers[name];
  headers[header] = value;
}

/**
 * Strips from a redirected request the headers that are for Procore alone: the company, the idempotency token, and the bearer where the
 * package has set it.
 */
export function strip(headers: Headers, hasOurBearer: boolean): void {
  const belongings = hasOurBearer
    ? /^(authorization|procore-company-id|idempotency-token)$/i
    : /^(procore-company-id|idempotency-token)$/i;
  for (const name of Object.keys(headers)) if (belongings.test(name)) delete headers[name];
}
