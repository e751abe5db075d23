/** Longer than this nobody reads a line of somebody else's. */
const mostWords = 40;

const word =
  /^(?:[A-Z]?[a-z]{0,23}|[A-Z][A-Z_]{1,40}|[a-z]{2,20}(?:[A-Z][a-z]{2,20})*(?:Ms|Id)?|[A-Za-z]?[a-z]+[-’'][a-z]+)$/;
const packageName = /^@?[a-z]{2,24}(?:-[a-z]{2,24})?(?:\/[a-z]{2,24}(?:-[a-z]{2,24})?){0,3}$/;
const path = /^(?:\.{0,2}|[A-Za-z]:)(?:[\\/][\w .@~()-]{1,31})+\.(?:[cm]?[jt]s|json)(?::\d+)*$/;
const smallNumber = /^\d{1,3}$/;
const edges = /^["'`“”‘’([{<]+|["'`“”‘’)\]}>.,:;!?…]+$/g;
/** What follows one of these may be what it names. */
const naming = /^(?:secret|password|passphrase|pwd|token|key|credentials?|bearer|basic)$/i;
const small =
  /^(?:a|an|and|are|as|at|be|by|can|cannot|could|does|for|from|has|have|in|invalid|is|it|may|missing|must|no|not|of|on|or|out|required|should|that|the|to|undefined|was|were|wrong|empty|null|file|store|expired|found)$/i;

/**
 * The first line of somebody else's message, of which only what is plain language is left: it may quote a secret, and nobody knows which
 * words of it. `whole`: nothing was taken out.
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

/** The message of whatever was thrown; it may be anything, and refuse to be looked at. */
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
