/** The result of a `load` hook of `node:module`. */
interface Loaded {
  readonly format?: string | null | undefined;
  readonly source?: string | Uint8Array<ArrayBuffer> | null | undefined;
}

/** The files of axios as an ES module: its published source, and its bundle. */
const axiosModule = /\/(?:lib|dist\/esm)\/axios\.js(?:[?#]|$)/;
/** The line in these files that makes the default instance. */
const madeThere = /\bconst axios = createInstance\(/;
/** The name on `globalThis` of the function that is called with each copy of axios. */
export const place = 'axios-procore.register';

/** The hook for `module.register`. It adds a call to the source of axios, because a hook cannot read the exports of an ES module. */
export async function load(
  url: string,
  context: unknown,
  nextLoad: (url: string, context: unknown) => Promise<Loaded>,
): Promise<Loaded> {
  return announced(url, await nextLoad(url, context));
}

/** The same for `module.registerHooks`. */
export function loadSync(
  url: string,
  context: unknown,
  nextLoad: (url: string, context: unknown) => Loaded,
): Loaded {
  return announced(url, nextLoad(url, context));
}

function announced(url: string, loaded: Loaded): Loaded {
  if (loaded.format !== 'module' || !loaded.source || !axiosModule.test(url)) return loaded;
  const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
  const announcing = announcedSource(url, source);
  return announcing === undefined ? loaded : { ...loaded, source: announcing };
}

/** The source of axios as an ES module, with a call at its end that hands the default instance over; undefined for any other source. */
export function announcedSource(url: string, source: string): string | undefined {
  if (!axiosModule.test(url) || !madeThere.test(source)) return undefined;
  return `${source}\n;globalThis[Symbol.for(${JSON.stringify(place)})]?.(axios);\n`;
}
