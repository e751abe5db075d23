import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';

/** As many as Linux follows. */
const mostLinks = 40;

/**
 * The file that a path leads to, also where it does not exist yet. A save renames over it and its locks lie beside it: over a link and
 * beside it, the file itself would keep a spent pair, and those who come by another link would be kept out by nobody.
 *
 * A path that is no link stays as it is, whatever the folders above it are: what is in them is the same by every way.
 *
 * @throws Error for links that lead in a circle.
 */
export function fileBehind(path: string): string {
  let file = path;
  for (let followed = 0; followed <= mostLinks; followed += 1) {
    const target = targetOf(file);
    if (target === undefined) return followed === 0 ? path : join(realFolder(dirname(file)), basename(file));
    // Joined as the system does it: in a folder that is a link, ".." is the one above the folder that it leads to.
    file = isAbsolute(target) ? target : `${dirname(file)}${sep}${target}`;
  }
  throw new Error(
    `The token file ${path} is a link that leads in a circle: let it lead to the file, or name the file itself.`,
  );
}

/** What a link says; undefined for what is none. What cannot be looked at is found by the first load, with what to do. */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** What is missing of it is made by the first save: then the rest counts. */
function realFolder(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realFolder(above), basename(path));
  }
}
