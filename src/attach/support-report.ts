import { systemEnv } from '../time/env.js';
import { problemOf } from '../failure/carried.js';
import type { Problem } from '../failure/problem.js';
import type { SupportReport, SupportReportOptions } from '../report/fields.js';
import { reportOf } from '../report/report.js';

/**
 * What Procore's support asks for about a failed call: time, method, whole URL, headers and bodies of request and answer, status, request
 * id, attempts, and what the package made of it. Source: Procore, "Error Code Reference" ("Log request details") and its support's
 * questions.
 *
 * Takes an error that a call was rejected with, an error that wraps it as `cause`, or an earlier report, as object or as JSON text. Secrets
 * are taken out: credentials in headers, query and URL, values with a secret's name in forms and JSON, cookies, signed URLs, tokens in any
 * text. Of headers that nobody knows, and of the parts of a multipart body, only the names are there. Bodies are cut after 4,000
 * characters; binary ones are named by type and length. Never throws.
 *
 * @example
 * try {
 *   await instance.post('/rest/v1.0/projects/1/rfis', { rfi });
 * } catch (error) {
 *   console.error(String(supportReport(error)));
 * }
 */
export function supportReport(error: unknown, options: SupportReportOptions = {}): SupportReport {
  return reportOf(error, classificationOf(error), options, systemEnv.now());
}

function classificationOf(error: unknown): Problem | undefined {
  try {
    return problemOf(error);
  } catch {
    // Reading a property has thrown: the report says so.
    return undefined;
  }
}
