import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { read, root } from './support/pages.js';

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  permissions?: Record<string, string>;
  strategy?: { matrix: { command: string[] } };
  needs?: string;
  steps: Step[];
}
interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, Job>;
}

const files = readdirSync(join(root, '.github/workflows')).map((name) => `.github/workflows/${name}`);
const workflow = (name: string) => parse(read(`.github/workflows/${name}.yml`)) as Workflow;
const setup = '.github/actions/setup/action.yml';
const jobs = files.flatMap((file) => Object.entries((parse(read(file)) as Workflow).jobs));
/** What .ci/run gives to scripts/at-once.mjs. */
const commandsAtOnce = [...read('.ci/run').matchAll(/^ {2}'(.+)'$/gm)].map(
  ([, command]) => `npm run ${command}`,
);

describe('the workflows', () => {
  test('name each action by its commit, and say beside it which version that is', () => {
    const used = [...files, setup].flatMap((file) => read(file).match(/uses: .*/g) ?? []);
    expect(used.length).toBeGreaterThan(8);
    const pinned = /^uses: (\.\/\.github\/actions\/setup|actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;
    expect(used.filter((line) => !pinned.test(line))).toEqual([]);
    // One action, one commit.
    const commits = new Map(used.map((line) => line.split('@') as [string, string]));
    expect(
      used.filter((line) => line.includes('@') && commits.get(line.split('@')[0]!) !== line.split('@')[1]),
    ).toEqual([]);
  });

  test('may read only, but for the job that publishes, and the one that adds files to a release', () => {
    for (const file of files) {
      const { permissions } = parse(read(file)) as Workflow;
      expect([file, Object.values(permissions).filter((level) => level !== 'read')]).toEqual([file, []]);
    }
    const writing = jobs.filter(([, { permissions = {} }]) => Object.values(permissions).includes('write'));
    expect(writing.map(([name, { permissions }]) => [name, permissions])).toEqual([
      ['publish', { 'id-token': 'write' }],
      ['attach', { contents: 'write' }],
    ]);
    // No code of this repository and of its dependencies runs where there is something to be had.
    for (const [, { steps }] of writing) {
      expect(steps.filter(({ uses = '' }) => /checkout|setup$/.test(uses))).toEqual([]);
      expect(steps.filter(({ run = '' }) => /npm (ci|install|run|test)/.test(run))).toEqual([]);
    }
  });

  test('leave no token in the checkout', () => {
    const checkouts = jobs
      .flatMap(([, { steps }]) => steps)
      .filter(({ uses }) => uses?.includes('/checkout@'));
    expect(checkouts.length).toBeGreaterThan(3);
    for (const step of checkouts) expect(step.with).toEqual({ 'persist-credentials': false });
  });

  test('call commands that are there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const called = jobs
      .flatMap(([, { steps, strategy }]) => [
        ...steps.map(({ run }) => run ?? ''),
        ...(strategy?.matrix.command ?? []),
      ])
      .flatMap((run) => [...run.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name!));
    expect(called.length).toBeGreaterThan(8);
    expect(called.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('have commands that build the package first, but for those that look at its source alone', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const isBuilt = (command: string) =>
      scripts[command.split(' ')[2]!]!.startsWith('node scripts/build-once.mjs && ');
    const commands = workflow('matrix').jobs['matrix']!.strategy!.matrix.command;
    expect(commands.filter((command) => !isBuilt(command))).toEqual([
      'npm run test:axios -- --boundaries',
      'npm run test:model',
      'npm run test:browser',
    ]);
  });

  test('run what .ci/run runs: the checks and the test command on one machine, each other command on one of its own', () => {
    const ofCheck = ['npm run check', 'npm run test'];
    expect(workflow('matrix').jobs['matrix']!.strategy!.matrix.command).toEqual(
      commandsAtOnce.filter((command) => !ofCheck.includes(command)),
    );
    expect(commandsAtOnce).toEqual(expect.arrayContaining(ofCheck));
    expect(workflow('check').jobs['test']!.steps.flatMap(({ run }) => run ?? [])).toEqual([
      'npm run check',
      'npm test',
    ]);
    expect(workflow('matrix').jobs['nightly']!.steps.map(({ run }) => run)).toContain('.ci/nightly');
  });
});

describe('the workflow that publishes', () => {
  const { pack, publish, attach } = workflow('publish').jobs as Record<'pack' | 'publish' | 'attach', Job>;
  const step = (title: string) => pack.steps.find(({ name }) => name === title)!.run!;
  const bash = (script: string, folder: string, env: Record<string, string>) =>
    promisify(execFile)('bash', ['-euc', script], { cwd: folder, env: { ...process.env, ...env } });

  test('publishes what was tested, with its provenance, and adds it and its bill of materials to the release', () => {
    const ran = pack.steps.map(({ run }) => run);
    const order = [
      ...['npm run check', 'npm test', 'npm run test:package', 'npm run audit', 'npm pack'],
      'npm run --silent sbom > axios-procore.cdx.json',
    ];
    expect(ran.filter((run) => order.includes(run!))).toEqual(order);
    expect(publish.steps.at(-1)!.run).toBe('npm publish ./axios-procore-*.tgz --provenance --access public');
    expect([publish.needs, attach.needs]).toEqual(['pack', 'publish']);
    expect(attach.steps.at(-1)!.run).toContain('axios-procore.cdx.json');
  });

  test('stops where the tag is not that of the version', async () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const check = step('The tag is that of the version');
    await expect(bash(check, root, { TAG: `v${version}` })).resolves.toBeDefined();
    await expect(bash(check, root, { TAG: 'v0.0.9' })).rejects.toMatchObject({ code: 1 });
  });

  test('names the repository that it runs in, which no file of the repository has to know', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'axios-procore-address-'));
    try {
      await cp(join(root, 'package.json'), join(folder, 'package.json'));
      const set = step('The package names the repository that it is published from');
      await bash(set, folder, { ADDRESS: 'https://github.com/someone/axios-procore' });
      const { repository, homepage, bugs } = JSON.parse(
        await readFile(join(folder, 'package.json'), 'utf8'),
      ) as Record<string, unknown>;
      expect({ repository, homepage, bugs }).toEqual({
        repository: { type: 'git', url: 'git+https://github.com/someone/axios-procore.git' },
        homepage: 'https://github.com/someone/axios-procore#readme',
        bugs: { url: 'https://github.com/someone/axios-procore/issues' },
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
