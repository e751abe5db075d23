/** Breaks a sentence between its words into lines that are not longer than `width`, unless a word is. */
export function wrap(sentence: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of sentence.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= width || line === '') line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** A sentence that begins in column `indent` and is broken at the width of the terminal; on one line where there is none. */
export function wrapForScreen(sentence: string, indent = 0): string {
  if (!process.stdout.isTTY) return sentence;
  return wrap(sentence, (process.stdout.columns || 80) - indent).join(`\n${' '.repeat(indent)}`);
}
