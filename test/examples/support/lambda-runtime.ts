/** What Lambda's runtime does with `examples/lambda/handler.ts`: it is loaded at the cold start, and called for each invocation that comes. */
import { handler, procore } from '../../../examples/lambda/handler.js';

/** An invocation: how much time it is said to have, and whether a renewal is under way when it comes. */
export interface Invocation {
  remainingMs: number;
  renewing?: boolean;
}

procore.on('request-settled', () => process.send!('the call has ended'));
process.on('message', ({ remainingMs, renewing }: Invocation) => {
  if (renewing) procore.renew().catch(() => undefined);
  void handler({}, { getRemainingTimeInMillis: () => remainingMs }).then(
    (answer) => process.send!(answer),
    (error: Error) => process.send!(`the handler threw ${error.message}`),
  );
});
process.send!('cold');
