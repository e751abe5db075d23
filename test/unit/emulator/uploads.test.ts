import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Emulator } from '../../../src/emulator/index.js';
import { ask, emulate, fingerprintOf, manualClock } from './support.js';

interface Segment {
  url: string;
  headers: Record<string, string>;
  url_expires_at?: number;
}
interface Unified {
  data: { upload_id: string; status: string; segments: Segment[] };
}

const unified = '/rest/v2.1/companies/562949953421401/projects/7/uploads';
const segmented = '/rest/v1.1/projects/7/uploads';
const bytes = Buffer.from('%PDF-1.7 report');
const hashOf = (algorithm: string, content: Uint8Array) =>
  createHash(algorithm).update(content).digest('hex');
const segmentOf = (content: Uint8Array) => ({
  size: content.length,
  sha256: hashOf('sha256', content),
  md5: hashOf('md5', content),
});
const announced = (...parts: Uint8Array[]) => ({
  file_name: 'report.pdf',
  file_size: parts.reduce((sum, { length }) => sum + length, 0),
  content_type: 'application/pdf',
  segments: parts.map(segmentOf),
});

function put({ url, headers }: Segment, body: Uint8Array, further: Record<string, string> = {}) {
  return fetch(url, { method: 'PUT', headers: { ...headers, ...further }, body: new Uint8Array(body) });
}

async function created(emulator: Emulator, ...parts: Uint8Array[]) {
  const answer = await ask(emulator, `POST ${unified}`, announced(...parts));
  expect(answer.status).toBe(201);
  return (answer.data as Unified).data;
}

describe('a unified upload', () => {
  test('goes to the storage in parts, is completed by their ETags, and becomes available', async () => {
    const emulator = await emulate();
    const parts = [Buffer.alloc(5 * 1024 * 1024, 'a'), bytes];
    const { upload_id, segments, status } = await created(emulator, ...parts);
    expect([status, segments.length]).toEqual(['ready', 2]);
    expect(new URL(segments[0]!.url).origin).toBe(emulator.storageUrl);
    expect(emulator.storageUrl).not.toBe(emulator.url);

    const etags: string[] = [];
    for (const [index, segment] of segments.entries()) {
      const answer = await put(segment, parts[index]!);
      expect([answer.status, await answer.text()]).toEqual([200, '']);
      etags.push(answer.headers.get('etag')!);
    }
    expect(etags[1]).toBe(`"${hashOf('md5', bytes)}"`);
    expect(emulator.file(upload_id)).toBeUndefined();

    const completed = await ask(emulator, `PATCH ${unified}/${upload_id}`, { part_etags: etags });
    expect([completed.status, completed.data]).toEqual([200, { data: { upload_id, status: 'complete' } }]);
    const statusOf = async () => (await ask(emulator, `GET ${unified}/${upload_id}`)).data as Unified;
    expect((await statusOf()).data).toMatchObject({
      status: 'complete',
      file_name: 'report.pdf',
      segments: [],
    });
    expect((await statusOf()).data.status).toBe('available');
    expect(Buffer.from(emulator.file(upload_id)!).equals(Buffer.concat(parts))).toBe(true);
    expect(emulator.log.map(({ kind }) => kind)).toContain('storage');
  });

  test('is not there for another of the known companies', async () => {
    const companies = [
      { id: '562949953421401', projects: [{ id: 7 }] },
      { id: 8, projects: [{ id: 9 }] },
    ];
    const emulator = await emulate({ companies });
    const { upload_id } = await created(emulator, bytes);
    const other = `/rest/v2.1/companies/8/projects/9/uploads/${upload_id}`;
    const statusOf = async (route: string, company: string) =>
      (await ask(emulator, route, undefined, { 'procore-company-id': company })).status;
    expect(await statusOf(`GET ${other}`, '8')).toBe(404);
    expect(await statusOf(`GET ${unified}/${upload_id}`, '562949953421401')).toBe(200);
  });

  test('is refused with the reasons in the envelope', async () => {
    const emulator = await emulate();
    const wrong = { ...announced(bytes), file_name: 5, file_size: 1 };
    const refused = await ask(emulator, `POST ${unified}`, wrong);
    expect([refused.status, refused.data]).toMatchObject([
      400,
      { error: { details: [{ source: 'file_name' }, { source: 'file_size' }] } },
    ]);
    const none = await ask(emulator, `POST ${unified}`, {
      file_name: 'a',
      segments: [{ size: 1 }, { size: -1 }],
    });
    expect(JSON.stringify(none.data)).toMatch(/segments\.0\.size.*segments\.0\.sha256.*segments\.1\.size/);
  });

  test('cannot be completed before its parts are there, nor by other ETags', async () => {
    const emulator = await emulate();
    const { upload_id, segments } = await created(emulator, bytes);
    const complete = async (part_etags: unknown) =>
      (await ask(emulator, `PATCH ${unified}/${upload_id}`, { part_etags })).status;
    expect(await complete(['a'])).toBe(400);
    const { headers } = await put(segments[0]!, bytes);
    const etag = headers.get('etag')!;
    expect([await complete(undefined), await complete(['a']), await complete([etag, etag])]).toEqual([
      400, 400, 400,
    ]);
    expect(await complete([etag.replaceAll('"', '')])).toBe(200);
    expect((await ask(emulator, `GET ${unified}/unknown`)).status).toBe(404);
  });
});

describe('a segmented upload of version 1', () => {
  test('names the headers of each part, and can be attached to a record once it is complete', async () => {
    const emulator = await emulate();
    const { data, status } = await ask(emulator, `POST ${segmented}`, {
      response_filename: 'report.pdf',
      segments: [segmentOf(bytes)],
    });
    const { uuid, segments } = data as { uuid: string; segments: Segment[] };
    expect([status, segments[0]!.headers]).toEqual([
      201,
      {
        'x-amz-content-sha256': hashOf('sha256', bytes),
        'content-length': String(bytes.length),
        'content-md5': createHash('md5').update(bytes).digest('base64'),
      },
    ]);
    const rfi = { subject: 'a', upload_ids: [uuid] };
    expect((await ask(emulator, 'POST /rest/v1.0/projects/7/rfis', { rfi })).status).toBe(422);
    const etag = (await put(segments[0]!, bytes)).headers.get('etag');
    const completed = await ask(emulator, `PATCH ${segmented}/${uuid}`, { segments: [{ etag }] });
    expect([completed.status, completed.data]).toMatchObject([200, { uuid, status: 'complete' }]);
    const made = await ask(emulator, 'POST /rest/v1.0/projects/7/rfis', { rfi });
    expect([made.status, made.data]).toMatchObject([
      201,
      { attachments: [{ id: uuid, filename: 'report.pdf' }] },
    ]);
  });

  test('that is incomplete is a 422', async () => {
    const emulator = await emulate();
    const { data } = await ask(emulator, `POST ${segmented}`, { segments: [segmentOf(bytes)] });
    const { uuid } = data as { uuid: string };
    const refused = await ask(emulator, `PATCH ${segmented}/${uuid}`, { segments: [{ etag: 'a' }] });
    expect([refused.status, refused.data]).toEqual([
      422,
      { errors: { segments: ['part 1 of 1 has not been uploaded'] } },
    ]);
    expect((await ask(emulator, `POST ${segmented}`, {})).data).toEqual({
      errors: { segments: ["can't be blank"] },
    });
  });
});

describe('the storage', () => {
  test('takes the URL as the only authorization', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const { segments } = await created(emulator, bytes);
    const refused = await put(segments[0]!, bytes, { authorization: `Bearer ${access_token}` });
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringContaining('Only one auth mechanism allowed'),
    ]);
    expect(emulator.log.at(-1)).toMatchObject({ kind: 'storage', accessToken: fingerprintOf(access_token) });
  });

  test('refuses a URL that was changed or has expired, and gives new ones for what is missing', async () => {
    const clock = manualClock();
    const emulator = await emulate({ now: clock.now });
    const { upload_id, segments } = await created(emulator, bytes);
    const [segment] = segments as [Segment];
    const changed = { ...segment, url: segment.url.replace('/parts/1', '/parts/2') };
    expect((await put(changed, bytes)).status).toBe(403);
    expect((await put({ ...segment, url: segment.url.split('?')[0]! }, bytes)).status).toBe(403);
    clock.advance(3_600_000);
    expect((await put(segment, bytes)).status).toBe(403);
    const { data } = (await ask(emulator, `GET ${unified}/${upload_id}`)).data as Unified;
    expect((await put(data.segments[0]!, bytes)).status).toBe(200);
  });

  test('takes a part of the largest size that may be announced', async () => {
    const emulator = await emulate();
    const content = Buffer.alloc(100 * 1024 * 1024, 'a');
    const { upload_id, segments } = await created(emulator, content);
    const answer = await put(segments[0]!, content);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    const etags = [answer.headers.get('etag')];
    expect((await ask(emulator, `PATCH ${unified}/${upload_id}`, { part_etags: etags })).status).toBe(200);
  });

  test('refuses bytes that are not those announced', async () => {
    const emulator = await emulate();
    const { segments } = await created(emulator, bytes);
    const short = { ...segments[0]!, headers: {} };
    expect(await (await put(short, bytes.subarray(1))).text()).toContain('IncompleteBody');
    expect(await (await put(short, Buffer.alloc(bytes.length))).text()).toContain(
      'XAmzContentSHA256Mismatch',
    );
    expect((await fetch(segments[0]!.url)).status).toBe(404);
  });

  test('misbehaves on request', async () => {
    const emulator = await emulate();
    const { segments } = await created(emulator, bytes);
    emulator.misbehave({ on: 'storage', do: { kind: 'answer', status: 503 } });
    expect((await put(segments[0]!, bytes)).status).toBe(503);
    expect((await put(segments[0]!, bytes)).status).toBe(200);
  });
});
