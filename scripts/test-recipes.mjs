// Type-checks the recipes of docs/store-recipes.md with the clients that they are for, and runs them through the store contract on databases within
// the process. The clients are installed in a folder of their own, because they are many times as large as everything else.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'test/recipes');
const must = (command, args, options) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? 1);
};
// The scripts of the packages fetch binaries, which nothing here uses.
must('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: sources });

const [, model] = /```\n(model [^`]+)```/.exec(readFileSync(join(root, 'docs/store-recipes.md'), 'utf8'));
const generated = join(sources, 'generated');
mkdirSync(generated, { recursive: true });
writeFileSync(
  join(generated, 'schema.prisma'),
  `generator client {
  provider = "prisma-client"
  output   = "./prisma"
  importFileExtension = "js"
}
datasource db {
  provider = "postgresql"
}
${model}`,
);
// Prisma looks for an engine before it generates, would fetch one, and then does without.
must('npx', ['--no-install', 'prisma', 'generate', '--schema', 'generated/schema.prisma'], {
  cwd: sources,
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
});
must('npx', ['--no-install', 'vitest', 'run', '--project', 'recipes', '--no-cache'], { cwd: root });
