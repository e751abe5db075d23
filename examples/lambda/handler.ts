import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import axios from 'axios';
import { attachProcore, problemOf, type EnvironmentName } from 'axios-procore';
import { postgresTokenStore } from 'axios-procore/stores/postgres';
import pg from 'pg';

interface Project {
  id: number;
  name: string;
}

const { env } = process;

// Made once for each process, at its cold start; no connection is opened before a token is loaded.
export const pool = new pg.Pool({
  connectionString: env.DATABASE_URL,
  // A process serves one invocation at a time, and a renewal needs one connection.
  max: 1,
  // A connection is closed after its use. Those of a frozen process would stay open at the server, and break unnoticed in the process.
  maxUses: 1,
  connectionTimeoutMillis: 5_000,
});
// Without a listener, an idle connection that breaks ends the process.
pool.on('error', (error) => console.warn(`PostgreSQL: ${error.message}`));

const api = axios.create();
export const procore = attachProcore(api, {
  clientId: env.PROCORE_CLIENT_ID!,
  clientSecret: env.PROCORE_CLIENT_SECRET!,
  environment: env.PROCORE_API_URL
    ? { loginUrl: env.PROCORE_LOGIN_URL!, apiUrl: env.PROCORE_API_URL }
    : (env.PROCORE_ENVIRONMENT as EnvironmentName | undefined),
  companyId: env.PROCORE_COMPANY_ID,
  store: postgresTokenStore(pool),
  renewal: {
    // A renewal in the background would be frozen together with the process, while it holds the lock.
    background: false,
    // A process that listens for renewals of others keeps a connection open, and cannot answer while it is frozen.
    drain: false,
    // With the save, a renewal has to end before the function's time limit: one of 60 s, which is set in the function's configuration.
    totalMs: 30_000,
  },
});

/** Returns the projects that the user of the stored tokens sees. For API Gateway (HTTP API) and function URLs. */
export async function handler(
  _event: unknown,
  { getRemainingTimeInMillis }: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    // Half of the time for the call; a renewal that it has begun may need the other half.
    const deadlineMs = Math.floor(getRemainingTimeInMillis() / 2);
    const { data } = await api.get<Project[]>('/rest/v1.0/projects', { procore: { deadlineMs } });
    return answer(
      200,
      data.map(({ id, name }) => ({ id, name })),
    );
  } catch (error) {
    const problem = problemOf(error);
    if (!problem) throw error;
    return answer(502, { message: problem.title, remedy: problem.remedy });
  } finally {
    // The process is frozen as soon as the answer is there. A renewal that outlives its call, and its save, are done before that.
    await procore.idle();
  }
}

function answer(statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
