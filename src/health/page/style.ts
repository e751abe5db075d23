/**
 * Colours of states and of charts. Each is legible on the light and on the dark page (a contrast of 4.5 for texts and 3 for graphics, as
 * WCAG 2.2 asks), because a chart is drawn once for both.
 */
export const colours = {
  bad: { fill: '#b3261e', text: '#ffffff' },
  doubtful: { fill: '#f2c037', text: '#1b1f24' },
  good: { fill: '#1a7f37', text: '#ffffff' },
  unknown: { fill: '#616a75', text: '#ffffff' },
  answered: '#3f7fd6',
  failed: '#d64a3f',
  unanswered: '#8a7a2f',
  waits: { token: '#3f7fd6', 'rate-limit': '#b8742a', unavailable: '#d64a3f', retry: '#8f6fc9' },
  line: '#8b949e',
} as const;

/** The style sheet of the page: light and dark, readable at 360 px, and on paper. */
export const styleSheet: string = `
:root { color-scheme: light dark; --page: #f4f6f8; --card: #ffffff; --text: #1b1f24; --quiet: #4a525b; --line: #d0d5db; --link: #0550ae; --bad: #a3211a; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0e1116; --card: #171c22; --text: #e6e9ed; --quiet: #adb5bd; --line: #39414a; --link: #79b8ff; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--link); overflow-wrap: anywhere; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 0 0 0.75rem; font-size: 1.25rem; line-height: 1.2; }
h3 { margin: 0 0 0.25rem; font-size: 1.05rem; line-height: 1.3; }
header > p { color: var(--quiet); margin: 0.5rem 0 1rem; }
section { margin-top: 1.25rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
p { margin: 0 0 0.75rem; max-width: 48rem; }
.tiles, .buckets, nav ul { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.tiles li { flex: 1 1 9rem; padding: 0.75rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; color: var(--quiet); line-height: 1.3; }
.tiles strong { display: block; color: var(--text); font-size: 1.4rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.buckets { gap: 0.25rem 1rem; }
nav ul { gap: 0.25rem 1rem; margin: 0; }
table { width: 100%; border-collapse: collapse; margin: 0.5rem 0 1rem; }
caption { text-align: start; color: var(--quiet); padding-bottom: 0.25rem; }
th, td { padding: 0.3rem 0.5rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; font-weight: normal; overflow-wrap: anywhere; }
thead th { font-weight: 600; overflow-wrap: normal; }
tbody tr:last-child > * { border-bottom: 0; }
.number { text-align: end; overflow-wrap: normal; font-variant-numeric: tabular-nums; padding-left: 0.5rem; padding-right: 0; }
code { font: 0.9em ui-monospace, monospace; }
figure { margin: 0.5rem 0 1rem; }
figure svg { display: block; width: 100%; height: auto; }
.narrow { display: none !important; }
@media screen and (max-width: 40rem) {
  body { padding: 1rem 0.5rem 2rem; }
  section { padding: 1rem 0.75rem; }
  .wide { display: none !important; }
  .narrow { display: block !important; }
  table { font-size: 0.9rem; }
}
figcaption { color: var(--quiet); font-size: 0.9rem; margin-top: 0.25rem; }
details { margin: 0.5rem 0; }
summary { cursor: pointer; color: var(--link); width: fit-content; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; align-items: start; }
.card { min-width: 0; padding: 1rem; border: 1px solid var(--line); border-radius: 0.5rem; }
.bad-card { border-left: 4px solid ${colours.bad.fill}; }
.doubtful-card { border-left: 4px solid ${colours.doubtful.fill}; }
.good-card { border-left: 4px solid ${colours.good.fill}; }
.unknown-card { border-left: 4px solid ${colours.unknown.fill}; }
dl { margin: 0.5rem 0; }
dt { font-weight: 600; }
dd { margin: 0 0 0.5rem; overflow-wrap: anywhere; }
@media print, (min-width: 40.01rem) {
  th time { white-space: nowrap; }
  .account { display: inline-block; min-width: 17ch; }
}
.failed { color: var(--bad); font-weight: 600; }
.fine { font-weight: 600; }
.state { display: inline-block; padding: 0 0.5rem; overflow-wrap: normal; border-radius: 0.25rem; print-color-adjust: exact; }
.bad { background: ${colours.bad.fill}; color: ${colours.bad.text}; }
.doubtful { background: ${colours.doubtful.fill}; color: ${colours.doubtful.text}; }
.good { background: ${colours.good.fill}; color: ${colours.good.text}; }
.unknown { background: ${colours.unknown.fill}; color: ${colours.unknown.text}; }
@media print {
  :root { color-scheme: light; --page: #ffffff; --card: #ffffff; --text: #000000; --quiet: #333333; --line: #999999; --link: #000000; --bad: #a3211a; }
  body { max-width: none; padding: 0; }
  section { padding: 0; border: 0; }
  nav, details { display: none; }
  h2, h3, caption { break-after: avoid; }
  tr, figure, .card, .tiles li { break-inside: avoid; }
}
`;
