/** What a browser sees at the end of its redirects. */
interface Seen {
  status: number;
  /** Where it is now. */
  url: URL;
  html: string;
}

/** A person's browser: cookies per origin, redirects, and buttons of forms; no scripts. */
export interface Browser {
  open(url: string): Promise<Seen>;
  /** Presses a button of the form on the page seen last, with these choices. */
  press(name: string, choices?: Record<string, string>): Promise<Seen>;
  /** The cookies of an origin, as they were set. */
  readonly setCookies: string[];
}

/** Opens a browser without cookies. */
export function createBrowser(): Browser {
  const jars = new Map<string, Map<string, string>>();
  const setCookies: string[] = [];
  let seen: Seen | undefined;

  async function go(target: URL, form?: URLSearchParams): Promise<Seen> {
    let url = target;
    let body = form;
    for (let hops = 0; hops < 10; hops++) {
      const jar = jars.get(url.origin) ?? new Map<string, string>();
      jars.set(url.origin, jar);
      const answer = await fetch(url, {
        method: body ? 'POST' : 'GET',
        redirect: 'manual',
        headers: {
          accept: 'text/html,*/*;q=0.8',
          cookie: [...jar].map((pair) => pair.join('=')).join('; '),
        },
        ...(body && { body }),
      });
      for (const cookie of answer.headers.getSetCookie()) {
        setCookies.push(cookie);
        const [pair = ''] = cookie.split(';');
        const [name = '', value = ''] = pair.split('=');
        jar.set(name, value);
      }
      const location = answer.headers.get('location');
      if (location === null) return (seen = { status: answer.status, url, html: await answer.text() });
      await answer.body?.cancel();
      url = new URL(location, url);
      body = undefined;
    }
    throw new Error(`the browser goes in circles at ${url.href}`);
  }

  return {
    setCookies,
    open: (url) => go(new URL(url)),
    press(name, choices = {}) {
      const [, attributes = '', inside = ''] = /<form([^>]*)>([\s\S]*?)<\/form>/.exec(seen?.html ?? '') ?? [];
      const action = /action="([^"]*)"/.exec(attributes)?.[1] ?? '';
      const button = new RegExp(`<button([^>]*)>${name}</button>`).exec(inside)?.[1];
      if (button === undefined) throw new Error(`there is no button ${name}: ${seen?.html}`);
      const fields = new URLSearchParams();
      for (const [tag] of inside.matchAll(/<input type="hidden"[^>]*>/g)) add(fields, tag);
      add(fields, button);
      for (const [field, value] of Object.entries(choices)) fields.set(field, value);
      return go(new URL(action, seen!.url), fields);
    },
  };
}

function add(fields: URLSearchParams, tag: string): void {
  const name = /name="([^"]*)"/.exec(tag)?.[1];
  const value = /value="([^"]*)"/.exec(tag)?.[1] ?? '';
  if (name) fields.set(name, unescapeHtml(value));
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
