import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sizeOf } from '../../bench/measures/size.js';
import { createConsumer, root, run, type Consumer } from '../support/packed.js';

interface Shipped {
  name: string;
  version: string;
  folder: string;
  licence: string;
}
interface Libraries {
  bundleLibraries(entry: string, format: string): Promise<{ packages: Shipped[] }>;
  bundledPackages(): Promise<Shipped[]>;
}
interface Component {
  'bom-ref': string;
  scope: string;
  properties: { name: string; value: string }[];
  hashes: unknown[];
  licenses: { license: { id: string } }[];
}
interface Bill {
  metadata: { component: { name: string } };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

let consumer: Consumer;
let bundleLibraries: Libraries['bundleLibraries'];
let bundled: Shipped[];
let bill: Bill;
beforeAll(async () => {
  consumer = await createConsumer();
  // A path that is no literal: TypeScript would ask for its types.
  const place: string = '../../scripts/libraries.mjs';
  const libraries = (await import(place)) as Libraries;
  bundleLibraries = libraries.bundleLibraries;
  bundled = await libraries.bundledPackages();
  const { stdout } = await run('node', ['scripts/sbom.mjs'], { cwd: root, maxBuffer: 2 ** 24 });
  bill = JSON.parse(stdout) as Bill;
});
afterAll(() => consumer?.remove());

/** A file of the package, and all that it loads from the package when it is loaded. */
async function loadedWith(entry: string): Promise<string[]> {
  const loaded = new Set([entry]);
  for (const path of loaded) {
    const references = (await text(path)).matchAll(
      /^(?:import .*?from |export .*?from |const .*? = require\()'(\.[^']+)'/gm,
    );
    for (const [, target = ''] of references) loaded.add(posix.join(posix.dirname(path), target));
  }
  return [...loaded];
}

const text = (path: string) => readFile(join(consumer.installed, path), 'utf8');

describe('nobody gets more than there has to be', () => {
  // A bound that is reached is raised in the commit that needs it, which says what for.
  test('the tarball has at most 800 kB', () => {
    expect(consumer.tarballBytes).toBeLessThan(800_000);
  });

  test('the core has at most 112 kB, minified and gzipped', async () => {
    const { gzippedBytes } = await sizeOf('axios-procore');
    expect(gzippedBytes).toBeLessThan(112_000);
  });

  test.each([
    ['esm', ['index.js', 'shared/common.js']],
    ['cjs', ['index.js', 'shared/attach.js', 'shared/common.js']],
  ])(
    'the core of %s is few files, all of them ASCII, because each file and each wide text costs time to load',
    async (format, files) => {
      const loaded = await loadedWith(`dist/${format}/index.js`);
      expect(loaded).toEqual(files.map((file) => `dist/${format}/${file}`));
      for (const path of loaded) expect(await text(path)).not.toMatch(/[^\x00-\x7f]/);
    },
  );

  test('every file of dist is loaded from an entry, or is a text that belongs to one', async () => {
    const manifest = JSON.parse(await text('package.json')) as Record<string, unknown>;
    const { main, module, types, bin, exports, typesVersions } = manifest;
    const entries = JSON.stringify([main, module, types, bin, exports, typesVersions]).match(/dist\/[^"]+/g)!;
    const needed = new Set([
      ...entries,
      // Loaded by their paths.
      'dist/cjs/register/start.js',
      'dist/cjs/register/hooks.js',
      'dist/cjs/package.json',
    ]);
    const reference = /(?:from|import|require)\s*\(?\s*['"](\.\.?\/[^'"]+\.c?js)['"]/g;
    for (const path of needed) {
      for (const [, target = ''] of (await text(path)).matchAll(reference)) {
        const file = posix.join(posix.dirname(path), target);
        needed.add(path.endsWith('.d.ts') ? file.replace(/\.js$/, '.d.ts') : file);
      }
      if (path.endsWith('/libraries.js')) needed.add(path.replace('libraries.js', 'LICENSES.txt'));
    }
    const inDist = consumer.files.filter((path) => path.startsWith('dist/'));
    expect(inDist.filter((path) => !needed.has(path))).toEqual([]);
  });
});

describe('the libraries that are bundled', () => {
  test('each is named with its version and its whole licence beside every file that it is in', async () => {
    const files = consumer.files.filter((path) => path.endsWith('/libraries.js'));
    expect(files.length).toBeGreaterThan(2);
    for (const path of files) {
      const [, format = '', folder = ''] = /^dist\/(esm|cjs)\/(.*)\/libraries\.js$/.exec(path)!;
      const { packages } = await bundleLibraries(join('src', folder, 'libraries.ts'), format);
      const licences = await text(path.replace('libraries.js', 'LICENSES.txt'));
      expect(packages).not.toEqual([]);
      for (const { name, version, licence } of packages) {
        expect([name, licence.length > 500]).toEqual([name, true]);
        expect(licences).toContain(`${name} ${version}\n\n${licence}`);
      }
    }
  });

  test('all that a libraries.ts takes is among them', async () => {
    const sources = (await readdir(join(root, 'src'), { recursive: true })).filter((path) =>
      path.endsWith('libraries.ts'),
    );
    for (const path of sources) {
      const source = await readFile(join(root, 'src', path), 'utf8');
      const taken = [...source.matchAll(/from '([^']+)'/g)].map(([, name]) => name);
      expect(bundled.map(({ name }) => name)).toEqual(expect.arrayContaining(taken));
    }
  });
});

describe('the bill of materials', () => {
  test('names the package, what npm installs with it and what is bundled, and nothing else', () => {
    expect(bill.metadata.component.name).toBe('axios-procore');
    const refs = bill.components.map((component) => component['bom-ref']);
    const names = refs.map((ref) => ref.replace(/@[^@]*$/, ''));
    expect(names.filter((name) => !bundled.some((each) => each.name === name)).sort()).toEqual([
      'axios-retry',
      'is-retry-allowed',
      'jwt-decode',
    ]);
    expect(refs).toEqual(expect.arrayContaining(bundled.map(({ name, version }) => `${name}@${version}`)));
    const reached = new Set(bill.dependencies.flatMap(({ dependsOn }) => dependsOn));
    expect(refs.filter((ref) => !reached.has(ref))).toEqual([]);
    expect([...reached].filter((ref) => !refs.includes(ref))).toEqual([]);
  });

  test('tells what is bundled, with the hash and a licence that asks no more than to be named', () => {
    for (const { properties, scope, hashes, licenses, 'bom-ref': ref } of bill.components) {
      const isBundled = bundled.some(({ name, version }) => ref === `${name}@${version}`);
      expect([ref, properties]).toEqual([
        ref,
        isBundled ? [{ name: 'cdx:npm:package:bundled', value: 'true' }] : [],
      ]);
      expect(scope).toBe('required');
      expect(hashes).toHaveLength(1);
      expect(licenses.map(({ license }) => license.id)).toEqual([
        expect.stringMatching(/^(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0)$/),
      ]);
    }
  });
});

test('the audit tells of what is shipped, bundled or not, and of no old axios that only tests use', async () => {
  const place: string = '../../scripts/shipped.mjs';
  const { vulnerableIn } = (await import(place)) as {
    vulnerableIn(report: object, lock: object, of: Bill): { name: string }[];
  };
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as object;
  const told = (name: string, ...nodes: string[]) => [name, { name, severity: 'high', via: [], nodes }];
  const vulnerabilities = Object.fromEntries([
    told('axios', 'node_modules/axios-0.21', 'node_modules/axios-1.0'),
    told('commander', 'node_modules/commander'),
    told('axios-retry', 'node_modules/axios-retry'),
    told('express', 'node_modules/express'),
  ]) as object;
  expect(vulnerableIn({ vulnerabilities }, lock, bill).map(({ name }) => name)).toEqual([
    'commander',
    'axios-retry',
  ]);
});
