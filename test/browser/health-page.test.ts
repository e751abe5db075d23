import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { healthPage } from '../../src/health/index.js';
import { startChromium } from './support/chromium.js';
import { healthyReport, troubledReport } from './support/reports.js';

/** Pages and pictures of them, to be looked at. */
const artefacts = fileURLToPath(new URL('../../artefacts/health/', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const reports = { troubled: troubledReport(), healthy: healthyReport() };
const named = Object.entries(reports);
const schemes = ['light', 'dark'] as const;
const desktop = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };

mkdirSync(artefacts, { recursive: true });
const browser = await startChromium();
afterAll(() => browser?.close());

const fileOf = (name: string) => `${artefacts}${name}.html`;
beforeAll(() => named.forEach(([name, report]) => writeFileSync(fileOf(name), healthPage(report))));

interface Opened {
  readonly page: Page;
  /** What the browser has said of the page: errors, refusals of its policy, exceptions. */
  readonly said: readonly string[];
  readonly requests: readonly string[];
}

async function open(name: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await (browser as Browser).newContext({ viewport: desktop, ...options });
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

const background = 'getComputedStyle(document.body).backgroundColor';
const widths = '[document.documentElement.scrollWidth, document.documentElement.clientWidth]';
const focused = `(() => {
  const element = document.activeElement;
  const { top, bottom } = element.getBoundingClientRect();
  return {
    href: element.getAttribute('href'),
    outline: getComputedStyle(element).outlineStyle,
    isInView: top >= 0 && bottom <= innerHeight,
  };
})()`;
interface Focused {
  readonly href: string | null;
  readonly outline: string;
  readonly isInView: boolean;
}

/** The numbers of a table, row by row, as the browser has them. */
const numbersOf = (page: Page, caption: string) =>
  page
    .locator('table', {
      has: page.locator('caption').filter({ hasText: new RegExp(`^\\s*${caption}\\s*$`) }),
    })
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('data')].map((data) => Number(data.value))),
    );

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
    const shown = page.locator('header data');
    expect(await shown.allInnerTexts()).toEqual(
      [report.calls, report.failed, report.unanswered].map((many) => many.toLocaleString('en')),
    );
  });

  describe.each(schemes)('with %s colours', (colorScheme) => {
    test.each(named)('axe-core finds nothing wrong with the %s page', async (name) => {
      for (const viewport of name === 'troubled' ? [desktop, phone] : [desktop]) {
        const { page } = await open(name, { colorScheme, viewport });
        await page.evaluate(axe);
        const { violations, passes } = await page.evaluate<AxeResults>('axe.run()');
        expect(
          violations.map(({ id, nodes }) => [
            id,
            nodes.map(({ html, failureSummary }) => [html, failureSummary]),
          ]),
        ).toEqual([]);
        expect(passes.map(({ id }) => id)).toContain('color-contrast');
      }
    });

    test('the page has the background of the scheme', async () => {
      const { page } = await open('troubled', { colorScheme });
      expect(await page.evaluate(background)).toBe(
        colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 24, 29)',
      );
    });

    test.each(named)('a picture of the %s page is kept, on a desktop and on a phone', async (name) => {
      for (const [device, viewport] of Object.entries({ desktop, phone })) {
        const { page } = await open(name, { colorScheme, viewport });
        await page.screenshot({ path: `${artefacts}${name}-${colorScheme}-${device}.png`, fullPage: true });
      }
    });
  });

  test.each(named)('the %s page does not scroll sideways on a screen of 360 px', async (name) => {
    const { page } = await open(name, { viewport: phone });
    expect(await page.evaluate<number[]>(widths)).toEqual([360, 360]);
  });

  test('each link is reached by the keyboard, in order, with a ring around it', async () => {
    const { page } = await open('troubled');
    const links = await page.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    const reached: unknown[] = [];
    for (let index = 0; index < links.length; index++) {
      await page.keyboard.press('Tab');
      const { href, outline, isInView } = await page.evaluate<Focused>(focused);
      reached.push(href);
      expect([href, outline, isInView]).toEqual([href, 'solid', true]);
    }
    expect(reached).toEqual(links);
  });

  test('a link of the table leads to its observation by the keyboard', async () => {
    const { page } = await open('troubled');
    await page.getByRole('link', { name: 'Private Endpoint Usage', exact: true }).focus();
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#private-endpoints');
    expect(await page.locator('#private-endpoints h3').boundingBox()).toMatchObject({
      y: expect.closeTo(0, -2),
    });
  });

  test('on paper the page is black on white and as wide as the paper, also where the screen is dark', async () => {
    // A4 at 96 pixels to the inch, less Chromium's own margins.
    const paper = { width: 718, height: 1047 };
    const { page } = await open('troubled', { colorScheme: 'dark', viewport: paper });
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate(background)).toBe('rgb(255, 255, 255)');
    expect(await page.evaluate<number[]>(widths)).toEqual([718, 718]);
    const pdf = await page.pdf({ format: 'A4', path: `${artefacts}troubled.pdf` });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  });
});
