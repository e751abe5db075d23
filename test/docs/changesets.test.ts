import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { read, root } from './support/pages.js';

const run = promisify(execFile);
const changesetsIn = (folder: string) =>
  readdirSync(join(folder, '.changeset')).filter((name) => name.endsWith('.md') && name !== 'README.md');
const form = /^---\n'axios-procore': (patch|minor|major)\n---\n\n([^\n]+\.)\n$/;

test('each changeset says how far it moves the version, and one sentence', () => {
  for (const name of changesetsIn(root)) {
    const text = read(`.changeset/${name}`);
    expect([name, text]).toEqual([name, expect.stringMatching(form)]);
    const sentence = form.exec(text)![2]!;
    expect([name, sentence.match(/\. [A-Z`]/g)]).toEqual([name, null]);
  }
});

test('a release turns changesets, and what was written before there were any, into a section of its own, and names its tarball in the pages', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'axios-procore-release-'));
  try {
    const pages = ['README.md', 'docs/getting-started.md'];
    for (const path of ['package.json', 'CHANGELOG.md', '.changeset', '.prettierrc.json', ...pages])
      await cp(join(root, path), join(folder, path), { recursive: true });
    const added = "---\n'axios-procore': minor\n---\n\nNew is [this](docs/tokens.md).\n";
    await writeFile(join(folder, '.changeset/new-for-a-test.md'), added);
    const sentences = await Promise.all(
      changesetsIn(folder).map(
        async (name) => form.exec(await readFile(join(folder, '.changeset', name), 'utf8'))![2]!,
      ),
    );
    await run('git', ['init', '--quiet'], { cwd: folder });
    const command = join(root, 'node_modules/@changesets/cli/bin.js');
    await run(process.execPath, [command, 'version'], { cwd: folder });
    for (const script of ['scripts/changelog.mjs', 'scripts/tarball-name.mjs'])
      await run(process.execPath, [join(root, script)], { cwd: folder });

    const before = read('CHANGELOG.md');
    const [major, minor] = (JSON.parse(read('package.json')) as { version: string }).version.split('.');
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(version).toBe(`${major}.${Number(minor) + 1}.0`);
    const after = await readFile(join(folder, 'CHANGELOG.md'), 'utf8');
    const headings = after.match(/^##? .*/gm)!;
    expect(headings.slice(0, 2)).toEqual(['# Changelog', `## ${version}`]);
    expect(headings).not.toContain('## [Unreleased]');
    const [, section] = after.split(/^## /m);
    for (const sentence of sentences) expect(section).toContain(`- ${sentence}\n`);
    const listed = before.match(/^- .*$/gm)!;
    expect(listed.filter((line) => !after.includes(line))).toEqual([]);
    expect(changesetsIn(folder)).toEqual([]);
    for (const page of pages) {
      const named = (await readFile(join(folder, page), 'utf8')).match(/axios-procore-[\d.]+\.tgz/g);
      expect([page, [...new Set(named)]]).toEqual([page, [`axios-procore-${version}.tgz`]]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
