/**
 * A nightly sync of an ERP's projects with those at Procore: what is new or different is written, in batches. Run it with
 * `npm run example nightly-sync examples/nightly-sync/projects.json`; the file has your own records, an array of objects with an `origin_id`.
 *
 * A run that was cut short needs no clean-up: the next one compares again, and writes what is missing. Exit codes: 0, all is at Procore;
 * 1, some records were refused, and a person has to look at them; 2, it ended early, and has to run again.
 */
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import axios from 'axios';
import { attachProcore, problemOf, type EnvironmentName } from 'axios-procore';
import { BatchError, listAll, syncInBatches, type SyncFailure } from 'axios-procore/collections';
import { fileTokenStore } from 'axios-procore/stores/file';

/** A project as the ERP has it. Procore knows it again by `origin_id`, so that it is created once, however often it is sent. */
interface Project {
  readonly origin_id: string;
  readonly [field: string]: unknown;
}

const env = process.env;
const company_id = env.PROCORE_COMPANY_ID;
const api = axios.create();
const procore = attachProcore(api, {
  clientId: env.PROCORE_CLIENT_ID!,
  clientSecret: env.PROCORE_CLIENT_SECRET!,
  environment: env.PROCORE_API_URL
    ? { loginUrl: env.PROCORE_LOGIN_URL!, apiUrl: env.PROCORE_API_URL }
    : (env.PROCORE_ENVIRONMENT as EnvironmentName | undefined),
  companyId: company_id,
  store: fileTokenStore({ file: env.PROCORE_TOKEN_FILE! }),
  // Nobody waits for the answer at night: a call may wait until the hourly limit begins anew.
  maxWaitMs: 3_600_000,
});

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
const { signal } = stop;

async function readOwn(file: string | undefined): Promise<Project[]> {
  if (!file) throw new Error('It takes the path of a file with your records.');
  const records = JSON.parse(await readFile(file, 'utf8')) as Project[];
  const anonymous = records.findIndex(({ origin_id }) => !origin_id);
  // Procore would create such a record again every night.
  if (anonymous >= 0) throw new Error(`Record ${anonymous + 1} of ${file} has no origin_id.`);
  return records;
}

/** What Procore has of the ERP, by `origin_id`. */
async function readTheirs(): Promise<Map<string, Project>> {
  const theirs = new Map<string, Project>();
  const projects = listAll<Project>(api, '/rest/v1.0/projects', { params: { company_id }, ahead: 4, signal });
  for await (const project of projects) if (project.origin_id) theirs.set(project.origin_id, project);
  return theirs;
}

function differs(own: Project, theirs: Project | undefined): boolean {
  return Object.entries(own).some(([field, value]) => !isDeepStrictEqual(value, theirs?.[field]));
}

/** Writes the projects; resolves with those that Procore has refused one by one, with the reasons. */
async function write(projects: Project[]): Promise<SyncFailure[]> {
  const { entities, errors } = await syncInBatches(api, '/rest/v1.0/projects/sync', projects, {
    data: { company_id },
    signal,
    onProgress: ({ done, total }) => console.log(`${done} of ${total} sent`),
  });
  console.log(`${entities.length} written, ${errors.length} refused`);
  return errors;
}

/** Tells of a failure that ended the run: how far it came, and what to do. */
function tell(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof BatchError) {
    const { done, maybeDone, notDone } = error;
    tellRefused(error.errors);
    console.error(`${done.length} were sent, ${maybeDone.length} perhaps, ${notDone.length} were not.`);
  }
  const problem = problemOf(error);
  if (problem) console.error(problem.remedy);
  if (problem?.kind === 'reauthentication-required')
    console.error('Log in again with: npx axios-procore login');
}

/** Tells of records that Procore has refused: one that an integration has locked, a number that is taken, a field that is missing. */
function tellRefused(refused: readonly SyncFailure[]): void {
  for (const { origin_id, errors } of refused)
    console.error(`Refused: ${String(origin_id)} ${JSON.stringify(errors)}`);
}

try {
  const [own, theirs] = [await readOwn(process.argv[2]), await readTheirs()];
  const changed = own.filter((record) => differs(record, theirs.get(record.origin_id)));
  console.log(`${own.length} projects in the ERP, ${changed.length} of them new or different`);
  const refused = await write(changed);
  tellRefused(refused);
  process.exitCode = refused.length > 0 ? 1 : 0;
} catch (error) {
  tell(error);
  process.exitCode = 2;
} finally {
  // A renewal under way saves its tokens before the process ends.
  await procore.idle();
}
