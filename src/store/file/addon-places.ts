// Not by name: webpack leaves nothing in the place of a `createRequire` that is imported by name.
import modules from 'node:module';
import { resolve } from 'node:path';
import addon from './addon.cjs';
import { codeOf } from './system.js';

const name = 'fs-native-extensions';
/** Names the folder of the package where it is found in no other way. */
export const addonVariable = 'AXIOS_PROCORE_FS_NATIVE_EXTENSIONS';

/** A place where `fs-native-extensions` may be. */
export interface AddonPlace {
  /** As a message names it. */
  readonly where: string;
  load(): unknown;
  /** The code of the package may have been copied into a bundle without its addon, which says nothing about this system. */
  readonly isBundle?: true;
}

/** It was found in none of these places, or does not load. */
export class AddonError extends Error {
  constructor(
    readonly looked: readonly string[],
    /** It is in one of them, and does not load. */
    readonly isThere: boolean,
    override readonly cause: unknown,
  ) {
    super(`${name} ${isThere ? 'does not load' : 'was not found'}`);
  }
}

/** Where to look, best first. A variable that names a folder leaves no other. */
export function addonPlaces(
  { env, argv, cwd }: Pick<NodeJS.Process, 'env' | 'argv' | 'cwd'> = process,
  { file, required }: typeof addon = addon,
): AddonPlace[] {
  const named = env[addonVariable];
  if (named) {
    const folder = resolve(cwd(), named);
    return [
      {
        where: `${folder} (${addonVariable})`,
        load: () => modules.createRequire(`${folder}/`)(folder) as unknown,
      },
    ];
  }
  // Each has a `require` of its own: the one of this file may be a loader's (tsx) or a bundler's, and an addon has to be found on the disk.
  const from = (path: string) => () => modules.createRequire(path)(name) as unknown;
  const application = argv[1];
  return [
    ...(file === undefined ? [] : [{ where: `seen from ${file}`, load: from(file) }]),
    {
      where: 'in the bundle, if there is one',
      load() {
        const result = required();
        if ('error' in result) throw result.error;
        return result.loaded;
      },
      isBundle: true,
    },
    { where: `seen from the working directory ${cwd()}`, load: from(`${cwd()}/`) },
    ...(application === undefined ? [] : [{ where: `seen from ${application}`, load: from(application) }]),
  ];
}

/** Loads it from the first place that has it. Throws an {@link AddonError}. */
export function findAddon(places: readonly AddonPlace[] = addonPlaces()): unknown {
  const failures: { error: unknown; isThere: boolean }[] = [];
  for (const { load, isBundle } of places) {
    try {
      return load();
    } catch (error) {
      failures.push({ error, isThere: isUnloadable(error, isBundle) });
    }
  }
  // One that is there and does not load says more than a place where there is none.
  const { error, isThere } = failures.find((failure) => failure.isThere) ?? failures[0]!;
  throw new AddonError(
    places.map(({ where }) => where),
    isThere,
    error,
  );
}

/** The system's linker has refused it, or there is no build of it for this system. */
function isUnloadable(error: unknown, isBundle = false): boolean {
  const code = codeOf(error);
  if (code === 'ADDON_NOT_FOUND') return !isBundle;
  return code === 'CANNOT_LOAD' || code === 'ERR_DLOPEN_FAILED';
}
