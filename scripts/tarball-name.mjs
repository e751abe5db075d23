// Writes the name of the tarball, which has the version in it, into the pages that tell how to install one: a part of
// `npm run release:version`.
import { readFileSync, writeFileSync } from 'node:fs';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const page of ['README.md', 'docs/getting-started.md']) {
  const text = readFileSync(page, 'utf8');
  writeFileSync(page, text.replaceAll(/\baxios-procore-\d+\.\d+\.\d+\.tgz\b/g, `${name}-${version}.tgz`));
}
