import type { AxiosError } from 'axios';

/** The rejection of a call that is meant to fail. */
export async function caught(call: Promise<unknown>): Promise<AxiosError & Record<string, unknown>> {
  return call.then(
    (value) => {
      throw new Error(`expected a rejection, got ${String((value as { status?: number })?.status ?? value)}`);
    },
    (error: unknown) => error as AxiosError & Record<string, unknown>,
  );
}
