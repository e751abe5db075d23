/**
 * A file of any size as the attachment of a new punch item: Procore gives presigned URLs, and the bytes go to its storage in segments.
 * Run it with `npm run example upload 562949953422001 README.md`: the id of a project, and the path of the file.
 *
 * The storage is another origin, which never gets the token: the URL is its own authorization, and it refuses a second one. So the bytes go
 * through an axios instance without the plugin. Source: Procore, "Working with Direct File Uploads".
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import axios from 'axios';
import { attachProcore, problemOf, type EnvironmentName } from 'axios-procore';
import { fileTokenStore } from 'axios-procore/stores/file';

/** The size of a part of the file. Procore takes 5 MB and more, and less for the last one. */
const segmentBytes = 10 * 1024 * 1024;

/** A part of the file, from its first to its last byte. */
interface Range {
  readonly start: number;
  readonly end: number;
}
/** Where the bytes of a part go, and the headers to send with them, as they are. */
interface Segment {
  readonly url: string;
  readonly headers: Record<string, string>;
}

const env = process.env;
const api = axios.create();
const procore = attachProcore(api, {
  clientId: env.PROCORE_CLIENT_ID!,
  clientSecret: env.PROCORE_CLIENT_SECRET!,
  environment: env.PROCORE_API_URL
    ? { loginUrl: env.PROCORE_LOGIN_URL!, apiUrl: env.PROCORE_API_URL }
    : (env.PROCORE_ENVIRONMENT as EnvironmentName | undefined),
  companyId: env.PROCORE_COMPANY_ID,
  store: fileTokenStore({ file: env.PROCORE_TOKEN_FILE! }),
});

/**
 * Without redirects, for which axios would keep the bytes in memory, and without a bound for their number. The timeout ends a connection
 * on which nothing moves.
 */
const storage = axios.create({
  maxRedirects: 0,
  maxBodyLength: Infinity,
  timeout: 60_000,
  headers: { 'Content-Type': 'application/octet-stream' },
});

function rangesOf(size: number): Range[] {
  return Array.from({ length: Math.ceil(size / segmentBytes) }, (_, index) => ({
    start: index * segmentBytes,
    end: Math.min(size, (index + 1) * segmentBytes) - 1,
  }));
}

/** What Procore wants to know of a segment, by which the storage finds out whether all of it has arrived. */
async function describe(file: string, { start, end }: Range) {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')];
  for await (const chunk of createReadStream(file, { start, end })) {
    sha256.update(chunk as Buffer);
    md5.update(chunk as Buffer);
  }
  return { size: end - start + 1, sha256: sha256.digest('hex'), md5: md5.digest('hex') };
}

/**
 * Sends a segment, up to four times where the storage is away or the connection is cut, each time with a stream of its own. The same
 * segment twice is one segment. Any other refusal is final: 403 is a URL that has expired, 400 a file that has changed meanwhile.
 */
async function send(file: string, { start, end }: Range, { url, headers }: Segment) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await storage.put(url, createReadStream(file, { start, end }), { headers });
      return { etag: String(answer.headers['etag']).replaceAll('"', '') };
    } catch (error) {
      const status = axios.isAxiosError(error) ? error.response?.status : undefined;
      const isPassing = status === undefined || status === 408 || status === 429 || status >= 500;
      // The message alone: axios's own error has the presigned URL, which is as good as a password.
      if (!isPassing || attempt === 4) throw new Error(`The storage: ${(error as Error).message}`);
      await pause(500 * 2 ** attempt * Math.random());
    }
  }
}

async function upload(projectId: string, file: string): Promise<string> {
  const { size } = await stat(file);
  if (size === 0) throw new Error(`${file} is empty.`);
  const ranges = rangesOf(size);
  const segments = [];
  for (const range of ranges) segments.push(await describe(file, range));

  const uploads = `/rest/v1.1/projects/${projectId}/uploads`;
  // Procore deletes an upload that no record takes, so one too many is no harm, and the call may be repeated.
  const announced = { response_filename: basename(file), segments };
  const { data } = await api.post<{ uuid: string; segments: Segment[] }>(uploads, announced, {
    procore: { idempotent: true },
  });
  const etags = [];
  for (const [index, range] of ranges.entries()) {
    etags.push(await send(file, range, data.segments[index]!));
    console.log(`${index + 1} of ${ranges.length} segments are in the storage`);
  }
  await api.patch(`${uploads}/${data.uuid}`, { segments: etags }, { procore: { idempotent: true } });
  return data.uuid;
}

/**
 * Creates a punch item with the file. The token tells Procore that a repetition of the call is one, as in Procore's own Ruby gem; its pages
 * do not speak of it.
 */
async function attach(projectId: string, uuid: string, name: string): Promise<number> {
  const punchItem = { project_id: projectId, punch_item: { name, upload_ids: [uuid] } };
  const { data } = await api.post<{ id: number }>('/rest/v1.0/punch_items', punchItem, {
    procore: { idempotencyToken: uuid },
  });
  return data.id;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  // A renewal under way saves its tokens before the process ends.
  process.once(signal, () => void procore.idle().then(() => process.exit(1)));

try {
  const [projectId, file] = process.argv.slice(2);
  if (!projectId || !file) throw new Error('It takes the id of a project and the path of a file.');
  const uuid = await upload(projectId, file);
  console.log(`Punch item ${await attach(projectId, uuid, `Look at ${basename(file)}`)} has the file.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const problem = problemOf(error);
  if (problem) console.error([...problem.messages, problem.remedy].join('\n'));
  if (problem?.mayHaveRun === 'maybe')
    console.error('It may have been carried out all the same: look before you run this again.');
  if (problem?.kind === 'reauthentication-required')
    console.error('Log in again with: npx axios-procore login');
  process.exitCode = 1;
}
