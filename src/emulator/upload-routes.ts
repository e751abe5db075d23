import { versioned, type Call, type Route } from './call.js';
import type { Companies } from './companies.js';
import { objectIn, textOf, type Fields, type Violations } from './fields.js';
import type { Outcome } from './message.js';
import type { Presigned } from './presigned.js';
import { isComplete, partsIn, type Part, type Upload, type Uploads } from './uploads.js';

/** The parts that the routes of uploads are made of. */
export interface UploadParts {
  readonly uploads: Uploads;
  readonly presigned: Presigned;
  readonly companies: Pick<Companies, 'placeOf'>;
  /** The origin of the storage, as the client of a request reaches it. */
  storageOf(call: Pick<Call, 'request'>): string;
}

const unified = '/companies/:company_id/projects/:project_id/uploads';
const segmented = ['/projects/:project_id/uploads', '/companies/:company_id/uploads'];

/** Uploads in parts to presigned URLs: the unified ones (v2.1), and the direct ones before them (v1.1). */
export function uploadRoutes(parts: UploadParts): Route[] {
  const { uploads } = parts;
  const found =
    (handle: (call: Call, upload: Upload) => Outcome) =>
    (call: Call): Outcome => {
      const upload = uploads.find(call.params['upload']!);
      const isHere = upload?.company === parts.companies.placeOf(call).company;
      return upload && isHere ? handle(call, upload) : { reply: call.answers.refused(404, 'Not Found') };
    };
  return [
    versioned('POST', unified, (call) => createUnified(call, parts)),
    versioned(
      'PATCH',
      `${unified}/:upload`,
      found((call, upload) => {
        const etags = objectIn(call.request.body)?.['part_etags'];
        const why = uploads.complete(upload, Array.isArray(etags) ? etags : []);
        if (why !== undefined) return { reply: call.answers.invalid({ part_etags: [why] }) };
        return { reply: call.answers.one({ upload_id: upload.id, status: upload.status }), wrote: true };
      }),
    ),
    versioned(
      'GET',
      `${unified}/:upload`,
      found((call, upload) => ({
        reply: call.answers.one(shown(upload, call, parts)),
      })),
    ),
    ...segmented.flatMap((path) => [
      versioned('POST', path, (call) => createSegmented(call, parts)),
      versioned(
        'PATCH',
        `${path}/:upload`,
        found((call, upload) => {
          const segments = objectIn(call.request.body)?.['segments'];
          const etags = Array.isArray(segments)
            ? segments.map((one: { etag?: unknown } | null) => one?.etag)
            : [];
          const why = uploads.complete(upload, etags);
          if (why !== undefined) return { reply: call.answers.invalid({ segments: [why] }) };
          return { reply: call.answers.one(asSegmented(upload, call, parts)), wrote: true };
        }),
      ),
    ]),
  ];
}

function createUnified(call: Call, parts: UploadParts): Outcome {
  const body = objectIn(call.request.body) ?? {};
  const announced = partsIn(body['segments']);
  const errors: Violations = 'errors' in announced ? announced.errors : {};
  const { file_name: name, file_size: size } = body;
  if (name === undefined) errors['file_name'] = ["can't be blank"];
  else if (typeof name !== 'string') errors['file_name'] = ['must be a string'];
  if ('parts' in announced && size !== sizeOf(announced.parts))
    errors['file_size'] = ['must be the sum of the sizes of the segments'];
  if (!('parts' in announced) || Object.keys(errors).length > 0)
    return { reply: call.answers.invalid(errors) };
  const upload = parts.uploads.create({
    company: parts.companies.placeOf(call).company,
    fileName: String(name),
    contentType: contentTypeIn(body['content_type']),
    parts: announced.parts,
  });
  return { reply: call.answers.one(asUnified(upload, call, parts), 201), wrote: true };
}

function createSegmented(call: Call, parts: UploadParts): Outcome {
  const body = objectIn(call.request.body) ?? {};
  const announced = partsIn(body['segments']);
  if ('errors' in announced) return { reply: call.answers.invalid(announced.errors) };
  const name = body['response_filename'];
  const upload = parts.uploads.create({
    company: parts.companies.placeOf(call).company,
    fileName: typeof name === 'string' ? name : 'file',
    contentType: contentTypeIn(body['response_content_type']),
    parts: announced.parts,
  });
  return { reply: call.answers.one(asSegmented(upload, call, parts), 201), wrote: true };
}

/** An upload as it is asked for: with new URLs for the parts that have not arrived. */
function shown(upload: Upload, call: Call, parts: UploadParts): object {
  const { id, fileName, contentType, status } = upload;
  // It takes a moment until a file is available: the first look comes too early.
  if (status === 'complete') upload.status = 'available';
  return {
    upload_id: id,
    file_name: fileName,
    sanitized_file_name: fileName,
    content_type: contentType,
    file_size: sizeOf(upload.parts),
    status,
    custom_metadata: {},
    segments: upload.parts.flatMap((part, index) =>
      part.etag === undefined ? [unifiedSegment(upload, index, call, parts)] : [],
    ),
  };
}

function asUnified(upload: Upload, call: Call, parts: UploadParts): object {
  const segments = upload.parts.map((_, index) => unifiedSegment(upload, index, call, parts));
  return {
    upload_id: upload.id,
    file_name: upload.fileName,
    file_size: sizeOf(upload.parts),
    total_parts: upload.parts.length,
    content_type: upload.contentType,
    upload_expires_at: segments[0]?.url_expires_at,
    segments,
    status: upload.status,
  };
}

function unifiedSegment(upload: Upload, index: number, call: Call, parts: UploadParts) {
  const { url, expiresAt } = signed(upload, index, call, parts);
  return { url, url_expires_at: expiresAt, headers: { 'Content-Length': String(upload.parts[index]!.size) } };
}

function asSegmented(upload: Upload, call: Call, parts: UploadParts): object {
  const segments = upload.parts.map(({ size, sha256, md5, etag }, index) => ({
    ...(etag !== undefined && { etag: etag.replaceAll('"', '') }),
    ...(md5 !== undefined && { md5 }),
    sha256,
    size,
    url: signed(upload, index, call, parts).url,
    headers: {
      'x-amz-content-sha256': sha256,
      'content-length': String(size),
      ...(md5 !== undefined && { 'content-md5': Buffer.from(md5, 'hex').toString('base64') }),
    },
  }));
  return { uuid: upload.id, segments, status: upload.status };
}

function signed({ id }: Upload, index: number, call: Call, { presigned, storageOf }: UploadParts) {
  return presigned.sign(storageOf(call), `/uploads/${id}/parts/${index + 1}`);
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

function contentTypeIn(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : 'application/octet-stream';
}

/** Checks the `upload_ids` of a record, and lists their files as its attachments. */
export function attachedBy(uploads: Uploads): (fields: Fields) => { fields?: Fields; errors?: Violations } {
  return ({ upload_ids: ids }) => {
    if (ids === undefined) return {};
    const found = Array.isArray(ids) ? ids.map((id) => uploads.find(textOf(id) ?? '')) : [undefined];
    if (!found.every((upload) => upload !== undefined && isComplete(upload)))
      return { errors: { upload_ids: ['must name uploads that are complete'] } };
    const attachments = found.map((upload) => ({ id: upload!.id, filename: upload!.fileName }));
    return { fields: { attachments } };
  };
}
