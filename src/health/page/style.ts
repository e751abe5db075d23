/**
 * Colours of states and of bars. Each is legible on the light and on the dark page (a contrast of 4.5 for texts and 3 for graphics, as
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
  line: '#8b949e',
} as const;

/** The style sheet of the page: light and dark, readable at 360 px, and on paper. */
export const styleSheet = `
:root { color-scheme: light dark; --page: #ffffff; --text: #1b1f24; --quiet: #4a525b; --line: #d0d5db; --link: #0550ae; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181d; --text: #e6e9ed; --quiet: #adb5bd; --line: #3a424b; --link: #79b8ff; }
}
* { box-sizing: border-box; }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { margin-top: 2.5rem; font-size: 1.3rem; line-height: 1.2; }
h3 { margin: 1.5rem 0 0.5rem; font-size: 1.1rem; line-height: 1.3; }
a { color: var(--link); overflow-wrap: anywhere; }
p, dd { max-width: 45rem; }
table { width: 100%; border-collapse: collapse; margin: 0.5rem 0 1rem; }
caption { text-align: start; color: var(--quiet); padding-bottom: 0.25rem; }
th, td { padding: 0.25rem 0.5rem 0.25rem 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; font-weight: normal; overflow-wrap: anywhere; }
thead th { font-weight: 600; overflow-wrap: normal; }
.number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; padding-left: 0.5rem; padding-right: 0; }
thead .number { white-space: normal; }
code { font: 0.9em ui-monospace, monospace; }
figure { margin: 1rem 0; }
figure svg { display: block; width: 100%; max-width: 45rem; height: auto; }
figcaption { color: var(--quiet); }
dl { margin: 0.5rem 0; }
dt { font-weight: 600; }
dd { margin: 0 0 0.5rem; overflow-wrap: anywhere; }
.state { display: inline-block; padding: 0 0.5rem; border-radius: 0.25rem; print-color-adjust: exact; }
.bad { background: ${colours.bad.fill}; color: ${colours.bad.text}; }
.doubtful { background: ${colours.doubtful.fill}; color: ${colours.doubtful.text}; }
.good { background: ${colours.good.fill}; color: ${colours.good.text}; }
.unknown { background: ${colours.unknown.fill}; color: ${colours.unknown.text}; }
@media print {
  :root { color-scheme: light; --page: #ffffff; --text: #000000; --quiet: #333333; --line: #999999; --link: #000000; }
  body { max-width: none; padding: 0; }
  h2, h3, caption { break-after: avoid; }
  tr, figure { break-inside: avoid; }
}
`;
