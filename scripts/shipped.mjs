// What comes to a user with the package: what npm installs with it, and the libraries that are bundled into it.
import { execFileSync } from 'node:child_process';
import { bundledPackages } from './libraries.mjs';

/** How a package lies in this checkout, as npm 10 and later tell it, is nothing to who has the tarball. */
const isOfCheckout = ({ name }) => /^cdx:npm:package:(development|path)$/.test(name);
const isBundled = { name: 'cdx:npm:package:bundled', value: 'true' };

/** The bill of materials of the package as CycloneDX, from the lock file. */
export async function billOfMaterials() {
  return withBundled(billByNpm('--omit=dev'), billByNpm(), await bundledPackages());
}

function billByNpm(...more) {
  const options = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=library', '--package-lock-only', ...more];
  const shell = process.platform === 'win32';
  return JSON.parse(execFileSync('npm', options, { encoding: 'utf8', maxBuffer: 2 ** 26, shell }));
}

/**
 * Adds the bundled packages to the bill of what is installed. npm counts them among the dependencies of the development, which that bill leaves
 * out: they are taken from the bill of all there is.
 */
export function withBundled(installed, all, bundled) {
  const root = installed.metadata.component;
  const added = bundled.map(({ name, version }) => {
    const found = all.components.find(({ 'bom-ref': ref }) => ref === `${name}@${version}`);
    if (!found) throw new Error(`${name} ${version} is bundled, and is not in the lock file.`);
    return { ...found, scope: 'required', properties: [...found.properties, isBundled] };
  });
  const components = [...installed.components, ...added].map((component) => ({
    ...component,
    properties: component.properties.filter((property) => !isOfCheckout(property)),
  }));
  const refs = new Set(components.map((component) => component['bom-ref']));
  const dependencies = [root['bom-ref'], ...refs].map((ref) => {
    const { dependsOn = [] } = all.dependencies.find((entry) => entry.ref === ref) ?? {};
    return { ref, dependsOn: dependsOn.filter((other) => refs.has(other)) };
  });
  // npm names the root by its folder.
  const component = { ...root, name: root['bom-ref'].replace(/@[^@]*$/, '') };
  return { ...installed, metadata: { ...installed.metadata, component }, components, dependencies };
}

/** Those of the vulnerabilities in the answer to `npm audit --json` that concern what is shipped. */
export function vulnerableIn({ vulnerabilities }, lock, { components }) {
  const shipped = new Set(components.map((component) => component['bom-ref']));
  const isShipped = (path) => {
    const name = lock.packages[path].name ?? path.replace(/^.*node_modules\//, '');
    return shipped.has(`${name}@${lock.packages[path].version}`);
  };
  return Object.values(vulnerabilities).filter(({ nodes }) => nodes.some(isShipped));
}
