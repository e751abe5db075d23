import axios, { type AxiosInstance } from 'axios';
import { attachProcore, type EnvironmentName, type Procore } from 'axios-procore';
import { fileTokenStore } from 'axios-procore/stores/file';

// Next evaluates this module again after each change, and once for each bundle that contains it. The instance outlives that.
const kept = globalThis as typeof globalThis & { procoreApi?: AxiosInstance };
let procore: Procore | undefined;

/**
 * The axios instance of the process with Procore's tokens, and the handle of the plugin. It is attached at the first request, because
 * `next build` evaluates modules where there are no settings.
 */
export function procoreClient(): { api: AxiosInstance; procore: Procore } {
  const { env } = process;
  const api = (kept.procoreApi ??= axios.create());
  procore ??= attachProcore(api, {
    clientId: env.PROCORE_CLIENT_ID!,
    clientSecret: env.PROCORE_CLIENT_SECRET!,
    environment: env.PROCORE_API_URL
      ? { loginUrl: env.PROCORE_LOGIN_URL!, apiUrl: env.PROCORE_API_URL }
      : (env.PROCORE_ENVIRONMENT as EnvironmentName | undefined),
    companyId: env.PROCORE_COMPANY_ID,
    store: fileTokenStore({ file: env.PROCORE_TOKEN_FILE! }),
    // What an evaluation before this one has attached is detached, and its tokens go on.
    replace: true,
  });
  return { api, procore };
}
