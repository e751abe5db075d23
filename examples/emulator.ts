/**
 * Starts the emulator, prints what an application needs to talk to it, and runs until Ctrl-C:
 * `npx tsx examples/emulator.ts --port 4100 --lifetime 60 --spike 25`.
 */
import { startEmulator } from 'axios-procore/emulator';
import { Command, InvalidArgumentError, Option } from 'commander';

const { port, lifetime, spike, hourly, tokenFields } = new Command('emulator')
  .description("A server on 127.0.0.1 that behaves like Procore's login and API hosts.")
  .option('--port <number>', 'where it listens; 0 takes a free port', numberFrom(0, 65_535), 0)
  .option('--lifetime <seconds>', 'life of an access token', numberFrom(0, 86_400), 5_400)
  .option('--spike <calls>', 'rate limit of ten seconds; none by default', numberFrom(1, 1_000_000))
  .option('--hourly <calls>', 'rate limit of an hour; none by default', numberFrom(1, 1_000_000))
  .addOption(
    new Option('--token-fields <where>', 'where it looks for the fields of a token request')
      .choices(['form', 'anywhere'])
      .default('form'),
  )
  .allowExcessArguments(false)
  .parse()
  .opts<{
    port: number;
    lifetime: number;
    spike?: number;
    hourly?: number;
    tokenFields: 'form' | 'anywhere';
  }>();

try {
  const emulator = await startEmulator({
    port,
    accessTokenLifetimeSeconds: lifetime,
    tokenFields,
    rateLimits: { ...(spike && { spike: { limit: spike } }), ...(hourly && { hourly: { limit: hourly } }) },
  });
  const { clientId, clientSecret, environment, url } = emulator;
  const tokens = emulator.issue();
  console.log(`The emulator listens on ${url}. Attach to it with

  attachProcore(instance, ${JSON.stringify({ clientId, clientSecret, environment }, null, 2).replaceAll('\n', '\n  ')})

plus a store that holds these tokens (${lifetime} s):

  ${JSON.stringify(tokens)}

Or ask it by hand:

  curl -H 'Authorization: Bearer ${tokens.access_token}' ${url}/rest/v1.0/me

It takes ${spike ?? 'any number of'} calls in ten seconds and ${hourly ?? 'any number'} in an hour. Ctrl-C ends it.`);
  process.once('SIGINT', () => void emulator.close());
  process.once('SIGTERM', () => void emulator.close());
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };
}
