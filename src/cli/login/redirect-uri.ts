import { UsageError } from '../answer.js';

/** The redirect URI of an app that cannot be redirected to: the login host shows the code on a page. */
export const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';
/** Where the browser comes back to if nothing else is said. It has to be registered with the app, to the letter. */
export const defaultRedirectUri = 'http://127.0.0.1:8910/callback';

/** How the code comes from the browser: by a redirect to this machine, or by hand. */
export type Return =
  | { readonly kind: 'loopback'; readonly uri: string; readonly port: number }
  | { readonly kind: 'by-hand'; readonly uri: typeof outOfBand };

/**
 * Decides how the code comes. `asked` is the argument, `set` the redirect URI of the settings.
 *
 * @throws UsageError for a redirect URI that does not lead to this machine.
 */
export function returnOf(
  { asked, oob }: { asked?: string | undefined; oob?: boolean | undefined },
  set: string | undefined,
): Return {
  if (oob && asked !== undefined && asked !== outOfBand)
    throw new UsageError('Give either --oob or --redirect-uri, not both');
  const text = oob ? outOfBand : (asked ?? set ?? defaultRedirectUri);
  if (text === outOfBand) return { kind: 'by-hand', uri: outOfBand };
  const from = asked === undefined ? 'PROCORE_REDIRECT_URI' : '--redirect-uri';
  const uri = URL.canParse(text) ? new URL(text) : undefined;
  const isHere = uri?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(uri.hostname);
  if (!uri || !isHere || uri.hash !== '')
    throw new UsageError(
      `The redirect URI of ${from} does not lead to this machine, so the command cannot receive the code: register ${defaultRedirectUri} with the app and give it as --redirect-uri, or use --oob`,
    );
  return { kind: 'loopback', uri: text, port: uri.port === '' ? 80 : Number(uri.port) };
}
