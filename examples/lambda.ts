/**
 * An AWS Lambda function whose tokens are in PostgreSQL. `npm run example lambda` invokes it twice, as Lambda does after a cold start. The
 * function is `examples/lambda/handler.ts`; this program makes its table in the database of `DATABASE_URL`, and moves the tokens there that
 * `npx axios-procore login` has written to `PROCORE_TOKEN_FILE`.
 */
import { fileTokenStore } from 'axios-procore/stores/file';
import { postgresSchema } from 'axios-procore/stores/postgres';
import { handler, pool, procore } from './lambda/handler.js';

await pool.query(postgresSchema());
const file = fileTokenStore({ file: process.env.PROCORE_TOKEN_FILE! });
const tokens = await file.load('default');
if (tokens) {
  await procore.setTokens(tokens);
  // A refresh token works once, so it must not stay in two places.
  await file.remove('default');
}

const context = { getRemainingTimeInMillis: () => 60_000 };
for (const start of ['cold', 'warm']) {
  const { statusCode, body } = await handler({}, context);
  console.log(`${start} start: ${statusCode} ${body}`);
}
await pool.end();
