// npm start, as a student meets it: a notebook in JupyterLab, in a browser.
//
// Nothing is saved: the page's requests to write are held back, so that
// neither the notebook nor the student's own desk in JupyterLab changes.
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chromium as browsers } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needChromium, needJupyter } from '../need.js';
import {
  below,
  Course,
  freePort,
  living,
  ROOT,
  terminal,
  until,
} from './course.js';

const NOTEBOOK =
  process.env.FREELIST_LAB_NOTEBOOK ?? 'notebooks/10-first-fit-map.ipynb';

const { python, skip: noLab } = needJupyter();
const { chromium, skip: noBrowser } = needChromium();

interface Cell {
  id: string;
  cell_type: string;
  source: string[];
  metadata: { tags?: string[] };
}

const file = path.join(ROOT, NOTEBOOK);
const shots =
  process.env.FREELIST_SHOTS ??
  mkdtempSync(path.join(os.tmpdir(), 'freelist-shots-'));

describe.skipIf(noLab || noBrowser)(`npm start with ${NOTEBOOK}`, () => {
  let course: Course;
  let address: URL;
  let browser: Browser;
  let page: Page;
  let bytes: string;
  let cells: Cell[];
  const faults: string[] = [];
  const abroad: string[] = [];

  const api = (name: string, token: string | null) =>
    fetch(new URL(`/api/${name}`, address), {
      headers: token ? { Authorization: `token ${token}` } : {},
    });

  async function openPage(): Promise<void> {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol.startsWith('http') && host !== address.host)
        abroad.push(host);
    });
    page.setDefaultTimeout(20_000);
    await page.route(/\/api\/(contents|workspaces)\//, (route) =>
      route.request().method() === 'PUT' ? route.abort() : route.continue(),
    );
    const desk = new URL(address);
    desk.pathname = desk.pathname.replace('/lab/', '/lab/workspaces/test/');
    await page.goto(desk.href);
    await page.waitForSelector('.jp-Notebook .jp-Cell');
    await page.getByText('TypeScript | Idle').waitFor();
  }

  const shoot = (name: string) =>
    page.screenshot({ path: path.join(shots, `${name}.png`) });

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    bytes = readFileSync(file, 'utf8');
    cells = JSON.parse(bytes).cells;
    const port = await freePort();
    const args = ['--yes', '--no-browser', '--port', `${port}`, NOTEBOOK];
    course = Course.start(args, terminal(python));
    address = await course.address();
    browser = await browsers.launch({
      executablePath: chromium,
      headless: true,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    course?.process.kill('SIGTERM');
    await course?.ended();
  });

  test('the server knows our kernel, and no other', async () => {
    const reply = await api('kernelspecs', address.searchParams.get('token'));
    const { kernelspecs } = (await reply.json()) as { kernelspecs: object };
    expect(kernelspecs).toEqual({
      tslab: expect.objectContaining({
        spec: expect.objectContaining({
          display_name: 'TypeScript',
          language: 'typescript',
        }),
      }),
    });
  });

  test('who has no token is turned away', async () => {
    expect((await api('kernelspecs', null)).status).toBe(403);
  });

  test('the server is reached from this machine only', async () => {
    expect(address.hostname).toBe('127.0.0.1');
    const outside = Object.values(os.networkInterfaces())
      .flat()
      .filter((net) => net && !net.internal && net.family === 'IPv4');
    for (const net of outside) {
      const reached = await new Promise((resolve) => {
        const socket = connect(Number(address.port), net!.address);
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      expect(reached, net!.address).toBe(false);
    }
  });

  test('Run All numbers each cell and draws each plot', async () => {
    await openPage();
    await shoot('1-opened');
    await page.getByRole('menuitem', { name: 'Run', exact: true }).click();
    await page
      .getByRole('menuitem', { name: 'Run All Cells', exact: true })
      .click();
    const code = cells.filter((cell) => cell.cell_type === 'code');
    await until(
      async () =>
        (
          await page.locator('.jp-CodeCell .jp-InputPrompt').allTextContents()
        ).every((prompt) => /\d/.test(prompt)),
      'the last cell',
      90_000,
    );
    await page.getByText('TypeScript | Idle').waitFor();
    await shoot('2-executed');

    const seen = await page.locator('.jp-CodeCell').evaluateAll((nodes) =>
      nodes.map((node) => {
        const prompt = node.querySelector('.jp-InputPrompt')?.textContent;
        const outputs = Array.from(
          node.querySelectorAll('.jp-OutputArea-output'),
        );
        return {
          prompt,
          // JupyterLab shows an error as it shows standard error, in red.
          red: outputs.some((output) =>
            /\.(error|stderr)$/.test(
              output.getAttribute('data-mime-type') ?? '',
            ),
          ),
          plots: node.querySelectorAll('.jp-RenderedVegaCommon5 .vega-embed')
            .length,
          images: node.querySelectorAll(
            'img, .jp-RenderedSVG, .jp-RenderedImage',
          ).length,
        };
      }),
    );
    expect(seen).toEqual(
      code.map((cell, i) => ({
        prompt: `[${i + 1}]:`,
        red: cell.metadata.tags?.includes('raises-exception') ?? false,
        plots: cell.source.join('').match(/\bshow\(/g)?.length ?? 0,
        images: 0,
      })),
    );
    expect(seen.some(({ plots }) => plots > 0)).toBe(true);
  }, 180_000);

  test('a plot is more than an empty frame', async () => {
    const plots = page.locator('.jp-RenderedVegaCommon5 .vega-embed');
    const count = await plots.count();
    for (let i = 0; i < count; i++) {
      await plots.nth(i).scrollIntoViewIfNeeded();
      const colours = await plots.nth(i).evaluate((plot) => {
        const canvas = plot.querySelector('canvas');
        if (!canvas) return plot.querySelectorAll('svg path').length;
        const { data } = canvas
          .getContext('2d')!
          .getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
      });
      expect(colours, `plot ${i + 1}`).toBeGreaterThan(3);
      await plots
        .nth(i)
        .screenshot({ path: path.join(shots, `3-plot-${i + 1}.png`) });
    }
  });

  test('each quotation is coloured', async () => {
    const quoted = cells
      .filter((cell) => cell.cell_type === 'markdown')
      .flatMap((cell) => cell.source.join('').match(/^```ts\b/gm) ?? []);
    const fences = page.locator('.jp-MarkdownOutput pre code.language-ts');
    const spans = await fences.evaluateAll((nodes) =>
      nodes.map((node) => node.querySelectorAll('span[class]').length),
    );
    expect(spans).toHaveLength(quoted.length);
    expect(Math.min(...spans)).toBeGreaterThan(0);
    await fences.first().scrollIntoViewIfNeeded();
    await shoot('4-quotation');
  });

  test('mfr and Tab offer mfree', async () => {
    const last = page.locator('.jp-Notebook .jp-Cell').last();
    await last.click();
    await page.keyboard.press('Escape');
    await page.keyboard.press('b');
    await page.keyboard.press('Enter');
    await page.keyboard.type('mfr');
    await page.keyboard.press('Tab');
    // One offer is taken at once; of several, the list is shown.
    const editor = page
      .locator('.jp-Notebook .jp-Cell')
      .last()
      .locator('.cm-content');
    const offers = page.locator('.jp-Completer .jp-Completer-item');
    const offered = await until(async () => {
      const written = (await editor.textContent()) ?? '';
      if (written !== 'mfr') return [written];
      const listed = await offers.allTextContents();
      return listed.length > 0 ? listed : null;
    }, 'an offer');
    await shoot('5-completion');
    expect(offered.some((offer) => offer.startsWith('mfree'))).toBe(true);
  });

  test('a failing notebook shows each fault at its cell, and skips none', async () => {
    const failing = 'test/jupyter/fixtures/failing.ipynb';
    const given: Cell[] = JSON.parse(
      readFileSync(path.join(ROOT, failing), 'utf8'),
    ).cells;
    const code = given.filter((cell) => cell.cell_type === 'code');
    const other = await browser.newPage({
      viewport: { width: 1280, height: 900 },
    });
    other.setDefaultTimeout(20_000);
    await other.route(/\/api\/(contents|workspaces)\//, (route) =>
      route.request().method() === 'PUT' ? route.abort() : route.continue(),
    );
    const desk = new URL(address);
    desk.pathname = `/lab/workspaces/failing/tree/${failing}`;
    await other.goto(desk.href);
    await other.waitForSelector('.jp-Notebook .jp-Cell');
    await other.getByText('TypeScript | Idle').waitFor();
    const cell = (i: number) => other.locator('.jp-CodeCell').nth(i);
    const prompt = (i: number) => cell(i).locator('.jp-InputPrompt').textContent();

    // Run All stops at the first cell, which does not compile.
    await other.getByRole('menuitem', { name: 'Run', exact: true }).click();
    await other
      .getByRole('menuitem', { name: 'Run All Cells', exact: true })
      .click();
    await until(async () => (await prompt(0)) === '[1]:', 'the first cell');
    await other.getByText('TypeScript | Idle').waitFor();
    expect(await cell(0).textContent()).toContain('CompileError');
    expect(await prompt(1)).toBe('[ ]:');

    // One by one, each says what went wrong, and the next one runs.
    const faults: { [id: string]: RegExp } = {
      compile: /CompileError/,
      throw: /carve/,
      'rejected-await': /TypeError: rejected/,
      timer: /in a timer/,
      rejection: /nobody awaits/,
      output: /too late/,
    };
    const ids = Object.keys(faults).flatMap((id) => [id, `${id}-after`]);
    for (const [n, id] of ids.entries()) {
      const i = code.findIndex((one) => one.id === id);
      await cell(i).locator('.cm-content').click();
      await other.keyboard.press('Control+Enter');
      await until(async () => (await prompt(i)) === `[${n + 2}]:`, id);
      const shown = cell(i).locator('.jp-OutputArea-output');
      await until(async () => (await shown.count()) > 0, `${id}'s output`);
      const red = cell(i).locator('[data-mime-type$="stderr"], [data-mime-type$="error"]');
      if (id in faults) {
        await red.first().waitFor();
        expect(await cell(i).textContent()).toMatch(faults[id]);
      } else {
        expect(await shown.allTextContents()).toEqual([
          `after ${id.replace('-after', '')}\n`,
        ]);
      }
    }
    await other.screenshot({ path: path.join(shots, '6-failing.png') });
    await other.close();
  }, 120_000);

  test('the page reports no fault and asks no other server', () => {
    expect(faults).toEqual([]);
    expect(abroad).toEqual([]);
  });

  test('Ctrl-C leaves no process behind, even while a cell runs', async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('b');
    await page.keyboard.press('Enter');
    await page.keyboard.type('for (;;) { }');
    await page.keyboard.press('Shift+Enter');
    await page.getByText('TypeScript | Busy').waitFor();
    const processes = below(course.process.pid!);
    expect(processes.length).toBeGreaterThanOrEqual(2); // server and kernel

    course.process.kill('SIGINT');
    expect(await course.ended()).toBe(0);
    await until(() => living(processes).length === 0, 'all to end', 5000);
    expect(course.said).toMatch(/Stopped\.\n$/);
  }, 40_000);

  test('the notebook is as it was', () => {
    expect(readFileSync(file, 'utf8')).toBe(bytes);
  });
});
