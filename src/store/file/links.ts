import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';

/** The number of symbolic links that Linux follows in one path. */
const mostLinks = 40;

/**
 * The file that a path leads to after all symbolic links, also where it does not exist yet. A save renames a new file over the path, and
 * the lock files lie beside it. With the path of a link, the save would replace the link and leave a spent pair in the file itself, and
 * processes that use the file by another path would use other locks.
 *
 * A path whose last part is no link is returned unchanged: links in the folders above it lead to the same folder.
 *
 * @throws Error for links that lead in a circle.
 */
export function fileBehind(path: string): string {
  let file = path;
  for (let followed = 0; followed <= mostLinks; followed += 1) {
    const target = targetOf(file);
    if (target === undefined) return followed === 0 ? path : join(realFolder(dirname(file)), basename(file));
    // Not joined with `path.join`, which resolves ".." by text. The system resolves it from the folder that a link leads to.
    file = isAbsolute(target) ? target : `${dirname(file)}${sep}${target}`;
  }
  throw new Error(
    `The token file ${path} is a link that leads in a circle: let it lead to the file, or name the file itself.`,
  );
}

/** The target of a symbolic link; undefined for anything else. Other errors are ignored here, because the first load reports them. */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** The real path of a folder, or of its nearest parent where it is missing; the first save creates the rest. */
function realFolder(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realFolder(above), basename(path));
  }
}
