import { randomInt } from 'node:crypto';
import { isFields, textOf, type Fields, type Violations } from './fields.js';

/** A part of a file, which is sent by itself. */
export interface Part {
  readonly size: number;
  /** In lower-case hex, as `md5`. */
  readonly sha256: string;
  readonly md5?: string;
  /** Set once it has arrived. */
  bytes?: Uint8Array;
  etag?: string;
}

/** A file on its way into the storage. */
export interface Upload {
  readonly id: string;
  /** The company that it is in; empty while any company is accepted. */
  readonly company: string;
  readonly fileName: string;
  readonly contentType: string;
  readonly parts: readonly Part[];
  status: 'ready' | 'receiving' | 'complete' | 'available';
}

/** The files that were uploaded. */
export interface Uploads {
  create(file: Omit<Upload, 'id' | 'status'>): Upload;
  find(id: string): Upload | undefined;
  /** Completes an upload by the ETags of its parts, in their order. Returns why it is not complete, in words. */
  complete(upload: Upload, etags: readonly unknown[]): string | undefined;
  /** The whole file; undefined unless it is complete. */
  bytesOf(id: string): Uint8Array | undefined;
}

/** Crockford's letters, of which a ULID is made. */
const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Creates an empty list of uploads. */
export function createUploads(): Uploads {
  const uploads = new Map<string, Upload>();
  return {
    create(file) {
      const drawn = Array.from({ length: 23 }, () => letters[randomInt(letters.length)]);
      const upload: Upload = { ...file, id: `01J${drawn.join('')}`, status: 'ready' };
      uploads.set(upload.id, upload);
      return upload;
    },
    find: (id) => uploads.get(id),
    complete(upload, etags) {
      const missing = upload.parts.findIndex(({ etag }) => etag === undefined);
      if (missing >= 0) return `part ${missing + 1} of ${upload.parts.length} has not been uploaded`;
      if (etags.length !== upload.parts.length) return `takes ${upload.parts.length} ETags`;
      const wrong = upload.parts.findIndex(({ etag }, index) => bare(etags[index]) !== bare(etag));
      if (wrong >= 0) return `the ETag of part ${wrong + 1} is another one`;
      upload.status = 'complete';
      return undefined;
    },
    bytesOf(id) {
      const upload = uploads.get(id);
      if (upload === undefined || !isComplete(upload)) return undefined;
      return Buffer.concat(upload.parts.map(({ bytes = new Uint8Array() }) => bytes));
    },
  };
}

/** Whether all of a file has arrived, so that a record can take it. */
export function isComplete({ status }: Upload): boolean {
  return status === 'complete' || status === 'available';
}

/** An ETag without its quotation marks, which clients often take off. */
function bare(etag: unknown): string {
  return (textOf(etag) ?? '').replace(/^"|"$/g, '').toLowerCase();
}

const leastPart = 5 * 1024 * 1024;
const mostPart = 100 * 1024 * 1024;

/** The parts that a request announces, or why they are refused. Source: Procore, "Working with the Unified File Uploads". */
export function partsIn(segments: unknown): { parts: Part[] } | { errors: Violations } {
  if (!Array.isArray(segments) || segments.length === 0) return { errors: { segments: ["can't be blank"] } };
  const errors: Violations = {};
  const parts = segments.map((segment: unknown, index): Part => {
    const { size, sha256, md5 } = isFields(segment) ? segment : ({} as Fields);
    const at = `segments.${index}`;
    const isLast = index === segments.length - 1;
    if (!Number.isInteger(size) || (size as number) < 0 || (size as number) > mostPart)
      errors[`${at}.size`] = ['must be a number of bytes up to 100 MB'];
    else if (!isLast && (size as number) < leastPart)
      errors[`${at}.size`] = ['must be at least 5 MB for all parts but the last'];
    if (!isHex(sha256, 64)) errors[`${at}.sha256`] = ['must be a SHA-256 in hex'];
    if (md5 !== undefined && !isHex(md5, 32)) errors[`${at}.md5`] = ['must be an MD5 in hex'];
    return {
      size: size as number,
      sha256: isHex(sha256, 64) ? sha256.toLowerCase() : '',
      ...(isHex(md5, 32) && { md5: md5.toLowerCase() }),
    };
  });
  return Object.keys(errors).length > 0 ? { errors } : { parts };
}

function isHex(value: unknown, length: number): value is string {
  return typeof value === 'string' && value.length === length && /^[\da-f]+$/i.test(value);
}
