import { createHash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../../src/emulator/index.js';

/** An emulator that is closed when the test is over. */
export async function emulate(options?: EmulatorOptions): Promise<Emulator> {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

/** A clock that stands still until it is told otherwise. */
export function manualClock(startMs = 1_700_000_000_000) {
  let nowMs = startMs;
  return { now: () => nowMs, advance: (ms: number) => void (nowMs += ms) };
}

/** Posts a form to the token endpoint with the emulator's own client; `fields` override. */
export function postToken(emulator: Emulator, fields: Record<string, string>): Promise<Response> {
  const client = { client_id: emulator.clientId, client_secret: emulator.clientSecret };
  return fetch(`${emulator.url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...client, ...fields }),
  });
}

export function refresh(emulator: Emulator, refreshToken: string | undefined): Promise<Response> {
  return postToken(emulator, { grant_type: 'refresh_token', refresh_token: refreshToken ?? '' });
}

/** A refresh that must succeed. */
export async function renewed(
  emulator: Emulator,
  refreshToken: string | undefined,
): Promise<{ access_token: string; refresh_token: string }> {
  const answer = await refresh(emulator, refreshToken);
  if (answer.status !== 200) throw new Error(`refreshed with ${answer.status}`);
  return (await answer.json()) as { access_token: string; refresh_token: string };
}

export function get(
  emulator: Emulator,
  path: string,
  accessToken: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(emulator.url + path, { headers: { authorization: `Bearer ${accessToken}`, ...headers } });
}

export function getMe(emulator: Emulator, accessToken: string): Promise<Response> {
  return get(emulator, '/rest/v1.0/me', accessToken);
}

export function postRfi(emulator: Emulator, accessToken: string, body: unknown): Promise<Response> {
  return fetch(`${emulator.url}/rest/v1.0/projects/7/rfis`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${accessToken}`,
      'procore-company-id': '1',
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
}

export function fingerprintOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 8);
}

/** What a test looks at of an answer. */
export interface Asked {
  status: number;
  headers: Headers;
  /** The parsed JSON, or the text. */
  data: unknown;
}

/** Asks the emulator as user 1 of the company 562949953421401. */
export async function ask(
  emulator: Emulator,
  route: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Asked> {
  return askInJson(emulator, route, JSON.stringify(body), headers);
}

/** The same with a body in JSON that `JSON.stringify` would not write, such as `__proto__` and numbers that are too large. */
export async function askInJson(
  emulator: Emulator,
  route: string,
  json: string | undefined,
  headers: Record<string, string> = {},
): Promise<Asked> {
  const [method = '', path = ''] = route.split(' ');
  const answer = await fetch(emulator.url + path, {
    method,
    headers: {
      authorization: `Bearer ${emulator.issue().access_token}`,
      'procore-company-id': '562949953421401',
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json !== undefined && { body: json }),
  });
  const text = await answer.text();
  const isJson = (answer.headers.get('content-type') ?? '').includes('json');
  return { status: answer.status, headers: answer.headers, data: isJson ? JSON.parse(text) : text };
}
