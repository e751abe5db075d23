import { registrationFrom, type Registration } from '../settings/settings.js';
import { secretsIn } from '../settings/secrets.js';
import { placeHere, shownPaths, variablesIn } from '../settings/surroundings.js';
import { longWordsIn, redact } from '../text/redact.js';
import type { Io } from './io.js';

/** The settings that the environment variables make, and what takes the secrets in them out of every line. */
export interface Settings {
  readonly registration: Registration;
  /** A text without secrets. `known` is a part of it that may be as long as one, and is none. */
  clean(text: string, known?: string): string;
  /** Adds secrets that are taken out from now on. */
  hide(secrets: readonly string[]): void;
}

/** Reads the settings as `axios-procore/register` does. */
export function readSettings({ environment }: Pick<Io, 'environment'>): Settings {
  const variables = variablesIn(environment);
  const registration = registrationFrom(variables, placeHere());
  const paths = shownPaths(registration).flatMap(longWordsIn);
  let hidden = secretsIn(variables, registration.kind === 'on' ? registration.misplaced : []);
  return {
    registration,
    clean: (text, known = '') => redact(text, hidden, new Set([...paths, ...longWordsIn(known)])),
    hide: (secrets) => void (hidden = [...hidden, ...secrets]),
  };
}
