import { environmentNamed, type Environment } from './environments.js';

/** The message for a call to another Procore environment, which is not sent. `own` is the environment that the tokens are for. */
export function wrongEnvironmentText(called: { name: string; apiUrl: string }, own: Environment): string {
  const name = environmentNamed(own);
  const tokensFor = name === undefined ? own.apiUrl : `"${name}" (${own.apiUrl})`;
  return (
    `it was not sent: it goes to the environment "${called.name}" (${called.apiUrl}), its tokens are for ${tokensFor}, ` +
    `and tokens are not transferable across environments. Let the call go to ${own.apiUrl} (its URL, or baseURL), ` +
    `or set the option "environment" to '${called.name}', with an app and tokens of that one.`
  );
}
