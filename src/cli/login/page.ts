/** What the browser shows when it has come back. It has no script and loads nothing. */
export function pageOf(title: string, text: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${title}</title><body style="font-family:system-ui;margin:4rem auto;max-width:30rem;padding:0 1rem"><h1>${title}</h1><p>${text}</p></body></html>`;
}
