/**
 * A service account (Procore's DMSA) looks at the projects that it is permitted to see. Run it with `npm run example service-account`, with
 * ids of projects behind it to look at these. No user logs in and no token is kept: the app asks for one with its own credentials, and again
 * before it expires. It reads the variables `PROCORE_CLIENT_ID`, `PROCORE_CLIENT_SECRET`, `PROCORE_COMPANY_ID` and `PROCORE_ENVIRONMENT`.
 */
import axios from 'axios';
import { attachProcore, hasProblem, problemOf, type EnvironmentName } from 'axios-procore';
import { listAll } from 'axios-procore/collections';

interface Project {
  id: number | string;
  name?: string;
}

const env = process.env;
const api = axios.create();
attachProcore(api, {
  clientId: env.PROCORE_CLIENT_ID!,
  clientSecret: env.PROCORE_CLIENT_SECRET!,
  grant: 'client_credentials',
  environment: env.PROCORE_API_URL
    ? { loginUrl: env.PROCORE_LOGIN_URL!, apiUrl: env.PROCORE_API_URL }
    : (env.PROCORE_ENVIRONMENT as EnvironmentName | undefined),
  // A service account belongs to no user, so every call needs the company, `/me` and `/companies` too.
  companyId: env.PROCORE_COMPANY_ID,
});

/** The projects of the company that a company admin has put on the list "Permitted Projects" of the app. */
async function permittedProjects(): Promise<Project[]> {
  const projects: Project[] = [];
  const params = { company_id: env.PROCORE_COMPANY_ID };
  for await (const project of listAll<Project>(api, '/rest/v1.0/projects', { params, ahead: 4 }))
    projects.push(project);
  return projects;
}

/** Looks into a project. Returns false for one that the service account may not see; any other failure is thrown. */
async function lookInto({ id, name = '' }: Project): Promise<boolean> {
  try {
    const { headers, data } = await api.get<unknown[]>(`/rest/v1.0/projects/${id}/rfis`, {
      params: { per_page: 1 },
    });
    console.log(`${id} ${name}: ${headers['total'] ?? data.length} RFIs`);
    return true;
  } catch (error) {
    if (!hasProblem(error)) throw error;
    // For a service account `remedy` speaks of "Permitted Projects", and of the permissions in the app's manifest.
    const { status, messages, requestId = 'unknown', cause, remedy } = error.procore;
    if (status !== 403 && status !== 404) throw error;
    console.error(`${id} ${name}: ${status} ${messages.join(' ')} (request ${requestId})
  ${cause}
  ${remedy}`);
    return false;
  }
}

async function main(asked: string[]): Promise<number> {
  const projects = asked.length > 0 ? asked.map((id) => ({ id })) : await permittedProjects();
  // An empty list is a success for Procore, also where it only means that nothing is permitted yet.
  if (projects.length === 0)
    console.error(
      `No project is permitted in company ${env.PROCORE_COMPANY_ID}: a company admin adds them to the app's "Permitted Projects".`,
    );
  let seen = 0;
  for (const project of projects) if (await lookInto(project)) seen += 1;
  return seen > 0 && seen === projects.length ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // Wrong credentials, an app that is not connected to the company, no network: what to do stands in the remedy.
  console.error(error instanceof Error ? error.message : error);
  console.error(problemOf(error)?.remedy ?? '');
  process.exitCode = 1;
}
