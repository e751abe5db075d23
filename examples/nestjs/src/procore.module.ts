import { Injectable, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import axios, { type AxiosInstance } from 'axios';
import { attachProcore, type EnvironmentName, type Procore } from 'axios-procore';
import { fileTokenStore } from 'axios-procore/stores/file';

const { env } = process;

/** One axios instance for the application, with Procore's tokens, and the handle of the plugin. */
@Injectable()
export class ProcoreClient implements OnApplicationShutdown {
  readonly api: AxiosInstance = axios.create();
  readonly procore: Procore = attachProcore(this.api, {
    clientId: env.PROCORE_CLIENT_ID!,
    clientSecret: env.PROCORE_CLIENT_SECRET!,
    environment: env.PROCORE_API_URL
      ? { loginUrl: env.PROCORE_LOGIN_URL!, apiUrl: env.PROCORE_API_URL }
      : (env.PROCORE_ENVIRONMENT as EnvironmentName | undefined),
    companyId: env.PROCORE_COMPANY_ID,
    store: fileTokenStore({ file: env.PROCORE_TOKEN_FILE! }),
    logger: new Logger('Procore'),
  });

  /** Nest calls OnModuleDestroy while requests are still being answered, whose calls may need a token; this hook comes after them. */
  async onApplicationShutdown(): Promise<void> {
    await this.procore.idle();
    this.procore.detach();
  }
}

@Module({ providers: [ProcoreClient], exports: [ProcoreClient] })
export class ProcoreModule {}
