import GithubSlugger from 'github-slugger';
import { marked } from 'marked';
import { parse } from 'node-html-parser';

/** What a page links to, and which parts of it a link can name. */
export interface Page {
  /** The addresses of links and images, as they are written: inline, by reference and in HTML. */
  targets: string[];
  /** The headings by GitHub's names for them, and the names that the page gives by itself. */
  anchors: Set<string>;
  /** `[text][name]` where the page has no address for the name. */
  unresolved: string[];
}

export function pageOf(markdown: string): Page {
  const slugger = new GithubSlugger();
  const html = parse(marked.parse(markdown, { async: false }));
  const values = (name: string) => html.querySelectorAll(`[${name}]`).map((one) => one.getAttribute(name)!);
  const headings = html.querySelectorAll('*').filter(({ tagName }) => /^H[1-6]$/.test(tagName));
  const slugs = headings.map(({ text }) => slugger.slug(text));
  const targets = ['href', 'src', 'srcset'].flatMap(values);
  for (const code of html.querySelectorAll('pre, code')) code.remove();
  return {
    targets,
    anchors: new Set([...slugs, ...['id', 'name'].flatMap(values)]),
    unresolved: [...html.text.matchAll(/\[[^[\]]+\]\[[^[\]]*\]/g)].map(([reference]) => reference),
  };
}
