import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const run = promisify(execFile);
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder outside of this checkout in which the packed package is installed, as a user has it. */
export interface Consumer {
  readonly folder: string;
  /** What the tarball holds, as paths inside the package. */
  readonly files: readonly string[];
  readonly tarballBytes: number;
  /** The installed package. */
  readonly installed: string;
  remove(): Promise<void>;
}

/**
 * Packs the built package and installs the tarball into a folder of its own. Its dependencies are links to ours: no registry is asked.
 *
 * @param axios the folder in our `node_modules` that stands there as `axios`.
 * @param more `packed`: a consumer that has the package, of which a copy is as good as packing once more; `also`: further packages that
 * the application has.
 */
export async function createConsumer(
  axios = 'axios',
  { packed, also = [] }: { packed?: Consumer | undefined; also?: readonly string[] } = {},
): Promise<Consumer> {
  if (!existsSync(join(root, 'dist/esm/index.js')) || !existsSync(join(root, 'dist/cjs/index.js'))) {
    throw new Error('There is no built package: run "npm run build" before these tests.');
  }
  const folder = await mkdtemp(join(tmpdir(), 'axios-procore-consumer-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const installed = join(folder, 'node_modules/axios-procore');
    await mkdir(installed, { recursive: true });
    if (packed) await cp(packed.installed, installed, { recursive: true });
    const { files, tarballBytes } = packed ?? (await unpack(folder, installed));
    const { dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types', ...also]) {
      await link(name, name, folder);
    }
    await link(axios, 'axios', folder);
    return { folder, files, tarballBytes, installed, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function unpack(folder: string, installed: string): Promise<Pick<Consumer, 'files' | 'tarballBytes'>> {
  const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', packing, { cwd: root, maxBuffer: 2 ** 24 });
  const [{ filename, size, files }] = JSON.parse(stdout) as [
    { filename: string; size: number; files: { path: string }[] },
  ];
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1']);
  await rm(join(folder, filename));
  return { files: files.map(({ path }) => path), tarballBytes: size };
}

async function link(from: string, as: string, folder: string): Promise<void> {
  const path = join(folder, 'node_modules', as);
  await mkdir(dirname(path), { recursive: true });
  await symlink(join(root, 'node_modules', from), path, 'junction');
}
