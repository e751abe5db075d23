/** The file in which Linux lists the mounts that this process sees. */
export const mountinfoPath = '/proc/self/mountinfo';

/**
 * Whether this path, with all links resolved, is a mount point, according to `/proc/self/mountinfo` (its format: proc_pid_mountinfo(5)).
 */
export function isMountPoint(mountinfo: string, path: string): boolean {
  const mounts = mountinfo.split('\n').map((line) => {
    const [, parent, , , point = ''] = line.split(' ');
    return { parent, point: unescaped(point) };
  });
  // A mount point is still listed when a folder above it was mounted over later. It cannot be reached then, and does not count.
  const isHidden = (parent?: string) =>
    mounts.some((other) => other.parent === parent && path.startsWith(`${other.point}/`));
  return mounts.some(({ parent, point }) => point === path && !isHidden(parent));
}

/** Decodes the octal escapes by which mountinfo writes blanks and backslashes. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** The message for a token file that is a mount point, and so cannot be replaced by a rename. */
export function mountedFileText(path: string): string {
  return (
    `The token file ${path} is mounted by itself: it cannot be replaced, so that new tokens could not be saved. ` +
    'Mount the folder that it is in instead of the file.'
  );
}
