import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { healthPage } from '../../src/health/index.js';
import { patienceMs } from '../support/patience.js';
import { startChromium } from './support/chromium.js';
import { healthyReport, recordedReport, troubledReport } from './support/reports.js';

/** Pages and pictures of them, to be looked at. */
const artefacts = fileURLToPath(new URL('../../artefacts/health/', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const reports = { troubled: troubledReport(), healthy: healthyReport(), recorded: recordedReport() };
const named = Object.entries(reports);
const devices = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };

const browser = await startChromium();
const fileOf = (name: string) => `${artefacts}${name}.html`;
beforeAll(() => {
  mkdirSync(artefacts, { recursive: true });
  for (const [name, report] of named) writeFileSync(fileOf(name), healthPage(report));
});
afterAll(() => browser?.close());

interface Opened {
  readonly page: Page;
  /** What the browser has said of the page: errors, refusals of its policy, exceptions. */
  readonly said: readonly string[];
  readonly requests: readonly string[];
}

async function open(name: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await (browser as Browser).newContext({ viewport: devices.desktop, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const said: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => void said.push(message.text()));
  page.on('pageerror', (error) => void said.push(error.message));
  page.on('request', (request) => void requests.push(request.url()));
  await page.goto(pathToFileURL(fileOf(name)).href, { waitUntil: 'load' });
  return { page, said, requests };
}

// What runs in the browser is text: TypeScript knows no document here.
const background = 'getComputedStyle(document.body).backgroundColor';
const widths = '[document.documentElement.scrollWidth, document.documentElement.clientWidth]';
/** Opens all that is shown on demand. */
const unfold = 'document.querySelectorAll("details").forEach((one) => (one.open = true))';
/** A chart is an image as a whole; the unit tests look at the contrast in it. */
const checked = 'axe.run({ exclude: ["figure svg > *"] })';
const focused = `(() => {
  const { activeElement: element } = document;
  return [element.getAttribute('href') ?? element.textContent, getComputedStyle(element).outlineStyle];
})()`;
/** Whether that can be seen which the address points to, or else what has the focus. */
const isInView = `(() => {
  const shown = document.querySelector(':target h3') ?? document.activeElement;
  const { top, bottom } = shown.getBoundingClientRect();
  return top > -1 && bottom < innerHeight + 1;
})()`;

/** The browser scrolls when it finds the time to. */
const comesIntoView = (page: Page) =>
  vi.waitFor(async () => expect(await page.evaluate(isInView)).toBe(true), { timeout: patienceMs });

/** The numbers of a table, row by row, as the browser has them. */
const numbersOf = (page: Page, caption: string) =>
  page
    .locator('table', { has: page.locator('caption', { hasText: new RegExp(`^\\s*${caption}\\s*$`) }) })
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('data')].map((data) => Number(data.value))),
    );
const numbersIn = (page: Page, selector: string) =>
  page.locator(selector).evaluateAll((all) => all.map((data) => Number(data.getAttribute('value'))));

describe.skipIf(!browser)('in a browser', () => {
  test.each(named)('the %s page says nothing on the console and asks nobody for anything', async (name) => {
    const { said, requests } = await open(name);
    expect(said).toEqual([]);
    expect(requests).toEqual([pathToFileURL(fileOf(name)).href]);
  });

  test.each(named)('the numbers on the %s page are those of the report', async (name, report) => {
    const { page } = await open(name);
    expect(await numbersOf(page, 'The seven observations of Procore’s Integration Health')).toEqual(
      report.observations.map(({ calls }) => [calls]),
    );
    expect(await numbersOf(page, 'Calls by day')).toEqual(
      report.days.map(({ calls, failed, unanswered }) => [calls, failed, unanswered]),
    );
    expect(await numbersOf(page, 'Routes with the most failed calls')).toEqual(
      report.worstRoutes.map(({ calls }) => [calls]),
    );
    expect(await numbersIn(page, 'section[aria-labelledby=failures] data')).toEqual([
      ...report.failures.map(({ calls }) => calls),
      ...(report.recording?.failures ?? []).map(({ times }) => times),
    ]);
    const shown = await page.locator('header data').allInnerTexts();
    expect(shown.slice(0, 3)).toEqual(
      [report.calls, report.failed, report.unanswered].map((many) => many.toLocaleString('en')),
    );
  });

  test('the numbers on the page of a recorder are those of its recording', async () => {
    const { page } = await open('recorded');
    const { slots, waits, tokens } = reports.recorded.recording!;
    expect(await numbersOf(page, 'Attempts over time')).toEqual(
      slots.map(({ calls, failed, unanswered }) => [calls, failed, unanswered]),
    );
    expect(await numbersOf(page, 'What calls have waited for')).toEqual(
      waits.map(({ waits: many, waitedMs, longestMs }) => [many, waitedMs, longestMs]),
    );
    expect(await numbersOf(page, 'Waits over time')).toEqual(
      slots.map(({ waitedMs }) => Object.values(waitedMs)).filter((all) => all.some((ms) => ms > 0)),
    );
    expect(await numbersOf(page, 'Rate limits over time')).toEqual(
      slots.flatMap(({ limit }) => (limit ? [[limit.limit, limit.remaining]] : [])),
    );
    expect(await numbersIn(page, 'section[aria-labelledby=tokens] > p data')).toEqual([
      tokens.renewed,
      tokens.adopted,
      tokens.failed,
    ]);
    expect(await numbersIn(page, 'section[aria-labelledby=tokens] article data')).toEqual(
      tokens.failures.map(({ times }) => times),
    );
    const events = page.locator('section[aria-labelledby=tokens] details tbody th time');
    expect(await events.evaluateAll((all) => all.map((time) => time.getAttribute('datetime')))).toEqual(
      tokens.events.map(({ at }) => at).reverse(),
    );
  });

  test.each([
    ['recorded', 'light', 'desktop'],
    ['recorded', 'dark', 'phone'],
    ['troubled', 'dark', 'desktop'],
    ['healthy', 'light', 'phone'],
  ] as const)('axe-core finds nothing wrong with the %s page, %s, on a %s', async (name, scheme, device) => {
    const { page } = await open(name, { colorScheme: scheme, viewport: devices[device] });
    await page.evaluate(unfold);
    await page.evaluate(axe);
    const { violations, passes } = await page.evaluate<AxeResults>(checked);
    const told = violations.map(({ id, nodes }) => [
      id,
      nodes.map(({ html, failureSummary }) => [html, failureSummary]),
    ]);
    expect(told).toEqual([]);
    expect(passes.map(({ id }) => id)).toContain('color-contrast');
  });

  test.each([
    ['light', 'rgb(244, 246, 248)'],
    ['dark', 'rgb(14, 17, 22)'],
  ] as const)('the page is %s where the reader wants it so', async (colorScheme, colour) => {
    const { page } = await open('troubled', { colorScheme });
    expect(await page.evaluate(background)).toBe(colour);
  });

  test.each([
    ['troubled', 'light', 'desktop'],
    ['healthy', 'dark', 'phone'],
    ['recorded', 'light', 'desktop'],
    ['recorded', 'light', 'phone'],
    ['recorded', 'dark', 'desktop'],
    ['recorded', 'dark', 'phone'],
  ] as const)('a picture of the %s page is kept, %s, of a %s', async (name, colorScheme, device) => {
    const { page } = await open(name, { colorScheme, viewport: devices[device] });
    const path = `${artefacts}${name}-${colorScheme}-${device}.png`;
    expect((await page.screenshot({ path, fullPage: true })).length).toBeGreaterThan(0);
  });

  test.each(named)('the %s page does not scroll sideways on a screen of 360 px', async (name) => {
    const { page } = await open(name, { viewport: devices.phone });
    await page.evaluate(unfold);
    expect(await page.evaluate<number[]>(widths)).toEqual([360, 360]);
  });

  test('each link and each fold is reached by the keyboard, in order, with a ring around it', async () => {
    const { page } = await open('recorded');
    const stops = await page
      .locator('a, summary')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href') ?? one.textContent));
    expect(stops.length).toBeGreaterThan(20);
    const reached: unknown[] = [];
    for (let index = 0; index < stops.length; index++) {
      await page.keyboard.press('Tab');
      const [stop, outline] = await page.evaluate<string[]>(focused);
      expect([stop, outline]).toEqual([stop, 'solid']);
      await comesIntoView(page);
      reached.push(stop);
    }
    expect(reached).toEqual(stops);
  });

  test('a link of the table leads to its observation by the keyboard', async () => {
    const { page } = await open('troubled');
    await page.getByRole('link', { name: 'Private Endpoint Usage', exact: true }).focus();
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#private-endpoints');
    await comesIntoView(page);
  });

  test('a table is unfolded by the keyboard', async () => {
    const { page } = await open('recorded');
    const caption = page.locator('caption', { hasText: 'Waits over time' });
    expect(await caption.isVisible()).toBe(false);
    await page.locator('summary', { hasText: 'Waits over time' }).focus();
    await page.keyboard.press('Enter');
    await caption.waitFor({ state: 'visible' });
  });

  test.each([
    ['desktop', 'wide'],
    ['phone', 'narrow'],
  ] as const)('on a %s each chart is the %s one', async (device, width) => {
    const { page } = await open('recorded', { viewport: devices[device] });
    const figures = await page.locator('figure').count();
    expect(await page.locator('figure svg:visible').count()).toBe(figures);
    expect(await page.locator(`figure svg.${width}:visible`).count()).toBe(figures);
  });

  test('on paper the page is black on white and as wide as the paper, also where the screen is dark', async () => {
    // A4 at 96 pixels to the inch, less Chromium's own margins.
    const paper = { width: 718, height: 1047 };
    const { page } = await open('recorded', { colorScheme: 'dark', viewport: paper });
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate(background)).toBe('rgb(255, 255, 255)');
    expect(await page.evaluate<number[]>(widths)).toEqual([718, 718]);
    const pdf = await page.pdf({ format: 'A4', path: `${artefacts}recorded.pdf` });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  });
});
