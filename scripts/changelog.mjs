// Joins what stands under [Unreleased] in CHANGELOG.md, which was written before there were changesets, to the section of the release that
// `changeset version` has put above it.
import { readFileSync, writeFileSync } from 'node:fs';

const changelog = readFileSync('CHANGELOG.md', 'utf8');
writeFileSync('CHANGELOG.md', changelog.replace('## [Unreleased]\n\n', ''));
