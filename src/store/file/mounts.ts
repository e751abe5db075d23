/** Where Linux says what is mounted for this process. */
export const mountinfoPath = '/proc/self/mountinfo';

/** Whether something is mounted on this very path, with all links followed, by the text of `/proc/self/mountinfo`: proc_pid_mountinfo(5). */
export function isMountPoint(mountinfo: string, path: string): boolean {
  const mounts = mountinfo.split('\n').map((line) => {
    const [, parent, , , point = ''] = line.split(' ');
    return { parent, point: unescaped(point) };
  });
  // It is still listed where a folder above it has been mounted over it since: then nobody comes to it.
  const isHidden = (parent?: string) =>
    mounts.some((other) => other.parent === parent && path.startsWith(`${other.point}/`));
  return mounts.some(({ parent, point }) => point === path && !isHidden(parent));
}

/** Blanks and backslashes stand there as three octal digits. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** Why a token file that is a mount point is of no use, and what to do. */
export function mountedFileText(path: string): string {
  return (
    `The token file ${path} is mounted by itself: it cannot be replaced, so that new tokens could not be saved. ` +
    'Mount the folder that it is in instead of the file.'
  );
}
