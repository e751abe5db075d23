/** The most words of another program's message that are shown. */
const mostWords = 40;

const word =
  /^(?:[A-Z]?[a-z]{0,23}|[A-Z][A-Z_]{1,40}|[a-z]{2,20}(?:[A-Z][a-z]{2,20})*(?:Ms|Id)?|[A-Za-z]?[a-z]+[-’'][a-z]+)$/;
const packageName = /^@?[a-z]{2,24}(?:-[a-z]{2,24})?(?:\/[a-z]{2,24}(?:-[a-z]{2,24})?){0,3}$/;
const path = /^(?:\.{0,2}|[A-Za-z]:)(?:[\\/][\w .@~()-]{1,31})+\.(?:[cm]?[jt]s|json)(?::\d+)*$/;
const smallNumber = /^\d{1,3}$/;
const edges = /^["'`“”‘’([{<]+|["'`“”‘’)\]}>.,:;!?…]+$/g;
/** Words after which the next word may be the secret itself ("password hunter"). */
const naming = /^(?:secret|password|passphrase|pwd|token|key|credentials?|bearer|basic)$/i;
const small =
  /^(?:a|an|and|are|as|at|be|by|can|cannot|could|does|for|from|has|have|in|invalid|is|it|may|missing|must|no|not|of|on|or|out|required|should|that|the|to|undefined|was|were|wrong|empty|null|file|store|expired|found)$/i;

/**
 * The first line of another program's message, reduced to words of plain language, because it may quote a secret that cannot be recognised.
 * `whole` is true where nothing was removed.
 */
export function plainWords(message: string): { text: string; whole: boolean } {
  const [line = ''] = message.split(/[\r\n]+/);
  const words = line.split(/\s+/).filter(Boolean);
  let whole = words.length <= mostWords;
  let afterName = false;
  const kept = words.slice(0, mostWords).map((text) => {
    const bare = text.replace(edges, '');
    const isKept = isPlain(bare) && !(afterName && !small.test(bare));
    afterName = naming.test(bare) || (afterName && small.test(bare) && isKept);
    if (isKept) return text;
    whole = false;
    return '[…]';
  });
  return { text: kept.filter((one, index) => one !== '[…]' || kept[index - 1] !== one).join(' '), whole };
}

function isPlain(bare: string): boolean {
  return (
    [word, packageName, path, smallNumber].some((form) => form.test(bare)) || /^[^\w\s]{0,3}$/.test(bare)
  );
}

/** The message of a thrown value of any type; reading it may throw. */
export function messageOf(thrown: unknown): string {
  try {
    const { message } = thrown as { message?: unknown };
    if (typeof message === 'string') return message;
    return typeof thrown === 'string'
      ? thrown
      : `it threw ${thrown === null ? 'null' : `a ${typeof thrown}`}`;
  } catch {
    return 'it threw what cannot be read';
  }
}
