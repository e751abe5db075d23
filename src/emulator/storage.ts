import { createHash } from 'node:crypto';
import { fingerprint } from './fingerprint.js';
import { bearerOf, headerOf, type Arrival, type Endpoint, type Outcome, type Reply } from './message.js';
import type { Presigned } from './presigned.js';
import { isComplete, type Part, type Uploads } from './uploads.js';

/** The storage, a server on an origin of its own: a PUT brings a part of a file. The URL is the only authorization that it takes. */
export function createStorage({ uploads, presigned }: { uploads: Uploads; presigned: Presigned }): Endpoint {
  return {
    describe(request) {
      const bearer = bearerOf(request);
      return bearer === undefined ? {} : { accessToken: fingerprint(bearer) };
    },
    carryOut(request) {
      if (headerOf(request, 'authorization') !== undefined)
        return { reply: refused(400, 'InvalidArgument', 'Only one auth mechanism allowed.') };
      const why = presigned.refusal(request.path, request.query);
      if (why !== undefined) return { reply: refused(403, 'AccessDenied', why) };
      const [, id = '', number] = /^\/uploads\/(\w+)\/parts\/(\d+)$/.exec(request.path) ?? [];
      const upload = uploads.find(id);
      const part = upload?.parts[Number(number) - 1];
      if (upload === undefined || part === undefined || request.method !== 'PUT')
        return { reply: refused(404, 'NoSuchKey', 'There is nothing here.') };
      if (isComplete(upload)) return { reply: refused(404, 'NoSuchUpload', 'The upload is complete.') };
      const outcome = receive(part, request);
      if (outcome.wrote) upload.status = 'receiving';
      return outcome;
    },
  };
}

function receive(part: Part, { bytes }: Arrival): Outcome {
  if (bytes.length !== part.size)
    return {
      reply: refused(400, 'IncompleteBody', `The part has ${part.size} bytes, the body ${bytes.length}.`),
    };
  if (digestOf('sha256', bytes) !== part.sha256)
    return { reply: refused(400, 'XAmzContentSHA256Mismatch', 'The SHA-256 is another one than announced.') };
  const md5 = digestOf('md5', bytes);
  if (part.md5 !== undefined && part.md5 !== md5)
    return { reply: refused(400, 'BadDigest', 'The MD5 is another one than announced.') };
  Object.assign(part, { bytes, etag: `"${md5}"` });
  return { reply: { status: 200, headers: { etag: `"${md5}"` }, body: '' }, wrote: true };
}

function digestOf(algorithm: 'sha256' | 'md5', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/** The form of S3. */
function refused(status: number, code: string, message: string): Reply {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  };
}
