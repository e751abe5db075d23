import { registrationFrom, type Registration } from '../settings/settings.js';
import { secretsIn } from '../settings/secrets.js';
import { placeHere, shownPaths, variablesIn } from '../settings/surroundings.js';
import { longWordsIn, redact } from '../text/redact.js';
import type { Io } from './io.js';

/** The settings that the environment variables make, and what takes the secrets in them out of every line. */
export interface Settings {
  readonly registration: Registration;
  /** A text without secrets. */
  clean(text: string): string;
  /** Adds secrets that are taken out from now on. */
  hide(secrets: readonly string[]): void;
}

/** Reads the settings as `axios-procore/register` does. */
export function readSettings({ environment }: Pick<Io, 'environment'>): Settings {
  const variables = variablesIn(environment);
  const registration = registrationFrom(variables, placeHere());
  const known = new Set(shownPaths(registration).flatMap(longWordsIn));
  let hidden = secretsIn(variables, registration.kind === 'on' ? registration.misplaced : []);
  return {
    registration,
    clean: (text) => redact(text, hidden, known),
    hide: (secrets) => void (hidden = [...hidden, ...secrets]),
  };
}
