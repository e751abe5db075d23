// The libraries that are bundled into the package: those that a `libraries.ts` in `src` takes. They are dependencies of the development only,
// so that nobody has to install them; what is said of the package's dependencies (licences, bill of materials, audit) is said of them, too.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles the libraries that a `libraries.ts` takes into one text. `packages`: each package of which something is in it, by its name, with its
 * `folder`, its `version` and the text of its `licence`.
 */
export async function bundleLibraries(entry, format) {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: 'node',
    target: 'node20',
    format,
    define: { 'import.meta.url': 'undefined' },
    legalComments: 'none',
    metafile: true,
    write: false,
  });
  const folders = Object.keys(metafile.inputs).flatMap((path) => folderOfPackage(path) ?? []);
  return { text: outputFiles[0].text, packages: [...new Set(folders)].map(packageIn).sort(byName) };
}

/** The packages of all that is bundled. */
export async function bundledPackages() {
  const entries = readdirSync('src', { recursive: true }).filter((path) => basename(path) === 'libraries.ts');
  const bundles = await Promise.all(entries.map((entry) => bundleLibraries(join('src', entry), 'cjs')));
  const byFolder = new Map(bundles.flatMap(({ packages }) => packages).map((each) => [each.folder, each]));
  return [...byFolder.values()].sort(byName);
}

const byName = (one, other) => one.name.localeCompare(other.name);

/** `a/node_modules/b/node_modules/@c/d` for a file in it: the innermost package. Where `node_modules` is a link, the path leads out of here. */
export function folderOfPackage(path) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

function packageIn(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (!file) throw new Error(`${name} is bundled, and has no licence file.`);
  return { name, version, folder, licence: readFileSync(join(folder, file), 'utf8').trim() };
}
