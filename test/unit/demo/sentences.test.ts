import { describe, expect, test } from 'vitest';
import {
  explainLimit,
  explainRefusals,
  opening,
  tellLimit,
  tellOutage,
  tellRevocation,
} from '../../../examples/demo/sentences.js';
import type { LoggedRequest } from '../../../examples/demo/verdict.js';
import { counted, countedWere, inSeconds, listed } from '../../../examples/demo/words.js';
import { wrap } from '../../../examples/demo/wrap.js';

describe('numbers and their nouns agree', () => {
  test.each([
    [0, '0 calls', '0 calls were'],
    [1, '1 call', '1 call was'],
    [2, '2 calls', '2 calls were'],
  ])('%i', (count, withNoun, withVerb) => {
    expect(counted(count, 'call')).toBe(withNoun);
    expect(countedWere(count, 'call')).toBe(withVerb);
  });

  test('an irregular plural', () => {
    expect([1, 4].map((count) => counted(count, 'process', 'processes'))).toEqual([
      '1 process',
      '4 processes',
    ]);
  });
});

test('times are in seconds, and several things make an enumeration', () => {
  expect([12_000, 1_500, 1_750, 694.4].map(inSeconds)).toEqual(['12 s', '1.5 s', '1.75 s', '0.69 s']);
  expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ]);
});

test('the opening says what will happen, with a rate limit only where there is one', () => {
  const options = { requests: 2_000, concurrency: 50, durationSeconds: 12, lifetimeSeconds: 2.5 };
  const outage = { durationMs: 1_500, retryAfterMs: 1_000 };
  expect(opening(options, { who: 'A worker makes', outage })[1]).toBe(
    'Meanwhile each access token expires after 2.5 s, one answer of the token endpoint is lost, the API is down for 1.5 s and a token is revoked on the server.',
  );
  const limit = { limit: 400, windowSeconds: 1.75 };
  expect(opening(options, { who: 'A worker makes', outage, limit })[1]).toContain(
    'a rate limit allows 400 calls in 1.75 s, ',
  );
});

test('a sentence is broken between its words, and a word that is too long has a line of its own', () => {
  expect(wrap('the plugin renewed it', 10)).toEqual(['the plugin', 'renewed it']);
  expect(wrap('a page: /a/long/path/to/it.html of calls', 10)).toEqual([
    'a page:',
    '/a/long/path/to/it.html',
    'of calls',
  ]);
  expect(wrap('short', 80)).toEqual(['short']);
});

describe('a surprise that met one call, and one that met several', () => {
  test.each([
    [
      tellLimit({ limit: 48, windowSeconds: 1.75 }, 1, 0),
      'The limit of 48 calls in 1.75 s was used up: 1 call waited for the next window, and no call got a 429.',
    ],
    [
      tellLimit({ limit: 48, windowSeconds: 1.75 }, 9, 2),
      'The limit of 48 calls in 1.75 s was used up: 9 calls waited for the next window, and 2 calls got a 429.',
    ],
    [
      tellOutage(1_500, 1, 'alone'),
      'The API was down for 1.5 s: 1 request got a 503, and the plugin held all calls until Retry-After was over, sent one to ask, and then sent the others again.',
    ],
    [
      tellRevocation('the plugin', 1),
      'The access token was revoked on the server: 1 call got a 401, the plugin renewed once, and it was sent again with the new token.',
    ],
    [
      tellRevocation('the plugin', 50),
      'The access token was revoked on the server: 50 calls got a 401, the plugin renewed once, and they were sent again with the new token.',
    ],
  ])('%s', (sentence, expected) => {
    expect(sentence).toBe(expected);
  });
});

describe('the 401s of a fleet are explained by what the server says of them', () => {
  const call: LoggedRequest = { atMs: 0, kind: 'api', method: 'GET', status: 401 };
  const refused = (refusal: string, times: number, accessToken = 'a0') =>
    Array.from({ length: times }, () => ({ ...call, refusal, accessToken }));

  test('of each kind: those of the first token that was replaced are the learning', () => {
    const log = [
      ...refused('replaced', 57),
      { ...call, status: 200 },
      ...refused('replaced', 3, 'a1'),
      ...refused('revoked', 20),
      ...refused('expired', 1),
    ];
    expect(explainRefusals(log, 0)).toMatch(
      /^About the 401s: 57 calls were sent with a token that another worker had replaced, by which the workers learn [^;]*; 3 with a token replaced later, [^;]*; 20 with the token that was revoked; 1 with one that expired on the way\. .*; none of them failed\.$/,
    );
  });

  test('one of one kind, and one failure', () => {
    expect(explainRefusals(refused('revoked', 1), 1)).toMatch(
      /^About the 401s: 1 call was sent with the token that was revoked\. .*; 1 call failed\.$/,
    );
  });

  test('none', () => {
    expect(explainRefusals([{ ...call, status: 200 }], 0)).toBe('No call got a 401.');
  });
});

describe('the limit of a fleet is explained by what the server says of it', () => {
  const call: LoggedRequest = { atMs: 0, kind: 'api', method: 'GET', status: 200 };
  const last = { ...call, rateLimit: { remaining: 0 } };
  const limited = { ...call, status: 429, rateLimit: { remaining: 0, limited: true } };

  test('without a 429', () => {
    expect(explainLimit([last, call, last], 'together', 0, [])).toBe(
      'About the limit: the workers used up 2 windows of the limit, and no call got a 429.',
    );
  });

  test('with some, where each worker paces by its own answers', () => {
    expect(explainLimit([last, limited, limited], 'apart', 0, [])).toBe(
      'About the 429s: the workers used up 1 window of the limit, and 2 calls got a 429, because each worker learns too late what the others have sent. What was refused is sent again when the server allows it; none of them failed.',
    );
  });

  test('with one that should not be', () => {
    expect(explainLimit([last, limited], 'together', 1, [])).toMatch(
      / and 1 call got a 429\. .*; 1 call failed\.$/,
    );
  });

  test('with one while a worker paced alone', () => {
    expect(explainLimit([last, limited], 'together', 0, ['worker 1', 'worker 3'])).toBe(
      'About the 429s: the workers used up 1 window of the limit, and 1 call got a 429: Redis did not answer worker 1 and worker 3 in time, and who has no answer paces alone. What was refused is sent again when the server allows it; none of them failed.',
    );
  });
});
