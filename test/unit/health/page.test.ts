import { beforeAll, describe, expect, test } from 'vitest';
import { healthOf, healthPage, type HealthReport } from '../../../src/health/index.js';
import { createCharts, type Echarts } from '../../../src/health/page/charts.js';
import { createMarkup, Html } from '../../../src/health/page/markup.js';
import { colours, styleSheet } from '../../../src/health/page/style.js';
import { loadEcharts } from '../../../src/health/peers.js';

/** The part of an element of node-html-parser that is used. */
interface Element {
  readonly text: string;
  readonly rawTagName: string;
  getAttribute(name: string): string | undefined;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Element[];
}
let parse: (html: string) => Element;
let isBalanced: (html: string) => boolean;
beforeAll(async () => {
  // A name that is no literal: TypeScript would ask for its types.
  const name: string = 'node-html-parser';
  ({ parse, valid: isBalanced } = await import(name));
});

const trap = '/v1.0/<script>alert("1")</script>&amp;\'x';
const report = healthOf(
  [
    'Date,Response Code,HTTP Method,Normalized Route,Count',
    '2026-06-20,200,GET,/v1.0/projects,12345',
    '2026-06-29,403,GET,/v1.0/projects/:id,900',
    '2026-06-30,404,PATCH,/v1.0/projects/:project_id/rfis/:id,40',
    '2026-06-30,200,GET,/vapid/projects,2',
    `2026-06-30,503,POST,"${trap.replaceAll('"', '""')}",7`,
  ].join('\n'),
);
const textOf = (element: Element) => element.text.replace(/\s+/g, ' ').trim();
const textsOf = (elements: Element[]) => elements.map(textOf);
const tableOf = (page: Element, caption: string) =>
  page.querySelectorAll('table').find((table) => textOf(table.querySelector('caption')!) === caption)!;
/** The rows of a table: a text of its first cells, and numbers as they are in `data`. */
const rowsOf = (table: Element) =>
  table.querySelectorAll('tbody tr').map((row) =>
    row.querySelectorAll('th, td').map((cell) => {
      const data = cell.querySelector('data');
      return data ? Number(data.getAttribute('value')) : textOf(cell);
    }),
  );

describe('the numbers on the page are those of the report', () => {
  test('in its head', () => {
    const page = parse(healthPage(report));
    const totals = page.querySelectorAll('header data').map((data) => Number(data.getAttribute('value')));
    expect(totals).toEqual([report.calls, report.failed, report.unanswered]);
    expect(textsOf(page.querySelectorAll('header .tiles li'))).toEqual([
      '13,294 answered calls',
      '947 of them failed',
      '0 attempts without an answer',
    ]);
    expect(textsOf(page.querySelectorAll('header .state'))).toEqual([report.state]);
  });

  test('for each observation, with its remedy, its days and its routes', () => {
    const page = parse(healthPage(report));
    expect(rowsOf(tableOf(page, 'The seven observations of Procore’s Integration Health'))).toEqual(
      report.observations.map(({ title, state, calls }) => [title, state, calls]),
    );
    for (const { name, title, state, cause, remedy, docsUrl, days, worstRoutes } of report.observations) {
      const article = page.querySelector(`article#${name}`)!;
      expect(textsOf(article.querySelectorAll('h3, p .state'))).toEqual([title, state]);
      expect(textOf(article)).toContain(cause);
      expect(textOf(article)).toContain(remedy);
      expect(article.querySelector('a')!.getAttribute('href')).toBe(docsUrl);
      const told = days.filter((day) => day.state === 'Critical' || day.state === 'Warning');
      const ofDays = tableOf(article, `Days that are not Healthy: ${title}`);
      expect(ofDays ? rowsOf(ofDays) : []).toEqual(told.map((day) => [day.date, day.state, day.calls]));
      const ofRoutes = tableOf(article, `Routes with the most calls: ${title}`);
      expect(ofRoutes ? rowsOf(ofRoutes) : []).toEqual(
        worstRoutes.map(({ method, route, calls }) => [`${method} ${route}`, calls]),
      );
    }
  });

  test('for each day, for the worst routes, and for each failure with cause and remedy', () => {
    const page = parse(healthPage(report));
    expect(rowsOf(tableOf(page, 'Calls by day'))).toEqual(
      report.days.map(({ date, calls, failed, unanswered }) => [date, calls, failed, unanswered]),
    );
    expect(rowsOf(tableOf(page, 'Routes with the most failed calls'))).toEqual(
      report.worstRoutes.map(({ method, route, calls }) => [`${method} ${route}`, calls]),
    );
    const failures = page.querySelectorAll('section[aria-labelledby=failures] article');
    expect(textsOf(failures.map((article) => article.querySelector('h3')!))).toEqual(
      report.failures.map(({ status, title }) => `${status} ${title}`),
    );
    failures.forEach((article, index) => {
      const { calls, cause, remedy } = report.failures[index]!;
      expect(article.querySelector('data')!.getAttribute('value')).toBe(String(calls));
      expect(textOf(article)).toContain(cause);
      expect(textOf(article)).toContain(remedy);
    });
  });

  test('in the charts: a letter for each observation and day, and days below', () => {
    const [states, calls] = parse(healthPage(report)).querySelectorAll('figure svg.wide');
    const placed = states!.querySelectorAll('text').flatMap((text) => {
      const [, x, y] = /translate\(([\d.]+) ([\d.]+)\)/.exec(text.getAttribute('transform') ?? '') ?? [];
      return /^[CWH?]$/.test(textOf(text)) ? [{ letter: textOf(text), x: Number(x), y: Number(y) }] : [];
    });
    const heights = [...new Set(placed.map(({ y }) => y))].sort((one, other) => one - other);
    const rows = heights.map((height) =>
      placed
        .filter(({ y }) => y === height)
        .sort((one, other) => one.x - other.x)
        .map(({ letter }) => letter)
        .join(''),
    );
    expect(rows).toEqual(
      report.observations.map(({ days }) =>
        days.map(({ state }) => (state === 'Unknown' ? '?' : state.slice(0, 1))).join(''),
      ),
    );
    expect(new Set(placed.map(({ x }) => x)).size).toBe(14);
    const texts = textsOf(calls!.querySelectorAll('text'));
    expect(texts).toEqual(expect.arrayContaining(report.days.map(({ date }) => date.slice(8))));
    expect(texts).toEqual(expect.arrayContaining(['Succeeded', 'Failed', 'Unanswered']));
  });
});

test('the bars of a day are its succeeded, failed and unanswered calls', () => {
  const options: { series: { name: string; data: number[] }[] }[] = [];
  const recording: Echarts = {
    format: { encodeHTML: String },
    init: () => ({
      setOption: (option) => void options.push(option as (typeof options)[number]),
      renderToSVGString: () => '',
      dispose: () => undefined,
    }),
  };
  const days = report.days.map((day, index) => ({ ...day, unanswered: index }));
  createCharts(recording).callsByDay({ ...report, days });
  const [succeeded, failed, unanswered] = options[0]!.series.map(({ data }) => data);
  expect(days.map(({ calls }) => calls)).toEqual(succeeded!.map((many, index) => many + failed![index]!));
  expect(failed).toEqual(days.map((day) => day.failed));
  expect(unanswered).toEqual(days.map((day) => day.unanswered));
});

test('what a route contains is text on the page', () => {
  const html = healthPage(report);
  expect(html).not.toContain('<script');
  const codes = textsOf(parse(html).querySelectorAll('code'));
  expect(codes).toContain('POST /v1.0/<script>alert("1")</script>&amp;\'x');
});

test('the page needs nothing else: no script, no file, no host', () => {
  const html = healthPage(report);
  const page = parse(html);
  expect(page.querySelectorAll('script, link, img, iframe, object, embed, base, form')).toEqual([]);
  expect(html).not.toMatch(/\bsrc=|@import|url\(|\son\w+=/i);
  expect(page.querySelector('meta[http-equiv]')!.getAttribute('content')).toContain("default-src 'none'");
});

describe('a reader without sight, without colours or on paper', () => {
  test('has a heading for each part, in order, and a label for each section', () => {
    const page = parse(healthPage(report));
    const levels = page.querySelectorAll('h1, h2, h3').map(({ rawTagName }) => Number(rawTagName.slice(1)));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.forEach((level, index) => expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1));
    for (const section of page.querySelectorAll('section')) {
      const id = section.getAttribute('aria-labelledby')!;
      expect(section.querySelector(`h2#${id}`)).not.toBeNull();
    }
    expect(page.querySelector('html')!.getAttribute('lang')).toBe('en');
  });

  test('has a caption and headers in each table, and a name for each chart', () => {
    const page = parse(healthPage(report));
    for (const table of page.querySelectorAll('table')) {
      expect(table.querySelector('caption')).not.toBeNull();
      for (const header of table.querySelectorAll('th'))
        expect(header.getAttribute('scope')).toMatch(/^(col|row)$/);
    }
    for (const chart of page.querySelectorAll('svg')) {
      expect(chart.getAttribute('role')).toBe('img');
      expect(chart.getAttribute('aria-label')).toBeTruthy();
    }
  });

  test('has no id twice, and each link within the page leads somewhere', () => {
    const page = parse(healthPage(report));
    const ids = page.querySelectorAll('[id]').map((element) => element.getAttribute('id'));
    expect(new Set(ids).size).toBe(ids.length);
    const targets = page.querySelectorAll('a[href^="#"]').map((link) => link.getAttribute('href')!.slice(1));
    expect(targets).toHaveLength(7 + 5);
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
  });
});

test('each element is closed', () => {
  expect(isBalanced(healthPage(report))).toBe(true);
});

test('a report without calls gives a page that says so', () => {
  const none: HealthReport = {
    ...healthOf('Date,Response Code,HTTP Method,Normalized Route,Count\n2026-06-30,200,GET,/v1.0/me,1'),
    calls: 1,
  };
  const page = parse(healthPage(none));
  expect(textOf(page.querySelector('header')!)).toContain('1 answered call 0 of them failed');
  expect(
    textsOf(page.querySelectorAll('main p')).filter((text) => text === 'No call has failed.'),
  ).toHaveLength(2);
});

describe('contrast, as WCAG 2.2 counts it', () => {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one: string, other: string) => {
    const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const schemes = [
    ...styleSheet.matchAll(/:root \{ (?:color-scheme: light(?: dark)?; )?(--page[^}]*)\}/g),
  ].map(
    ([, text = '']) =>
      Object.fromEntries(
        [...text.matchAll(/--(\w+): (#\w{6})/g)].map(([, name, colour]) => [name, colour]),
      ) as Record<'page' | 'card' | 'text' | 'quiet' | 'link' | 'bad', string>,
  );

  test('the style sheet has colours for light, dark and paper', () => {
    expect(schemes).toHaveLength(3);
  });

  test('texts have 4.5 on the page, and in the colours of states', () => {
    for (const { page, card, text, quiet, link, bad } of schemes)
      for (const ground of [page, card])
        for (const colour of [text, quiet, link, bad])
          expect([ground, colour, contrast(ground, colour) > 4.5]).toEqual([ground, colour, true]);
    for (const { fill, text } of [colours.bad, colours.doubtful, colours.good, colours.unknown])
      expect(contrast(fill, text)).toBeGreaterThan(4.5);
  });

  test('bars have 3 in each scheme', () => {
    for (const { card } of schemes)
      for (const colour of [
        colours.answered,
        colours.failed,
        colours.unanswered,
        ...Object.values(colours.waits),
      ])
        expect([card, colour, contrast(card, colour) > 3]).toEqual([card, colour, true]);
  });
});

test('a template escapes texts, lists of texts too, and leaves HTML as it is', () => {
  const html = createMarkup((text) => loadEcharts('test').format.encodeHTML(text));
  const inner = html`<b>${'<&>'}</b>`;
  expect(inner.text).toBe('<b>&lt;&amp;&gt;</b>');
  expect(html`<i title="${'"'}">${[inner, '<', 1, new Html('<br>')]}</i>`.text).toBe(
    '<i title="&quot;"><b>&lt;&amp;&gt;</b>\n&lt;\n1\n<br></i>',
  );
});

test('without echarts, the error names the package and how to install it', () => {
  expect(() => loadEcharts('html', () => ({ error: new Error('Cannot find module') }))).toThrow(
    'html: drawing charts needs the package echarts, and that is not installed or does not load. Run: npm install echarts@^6',
  );
});
