// Handouts as a reader and a printer meet them: two notebooks are exported
// once, and looked at in Chromium, by day, by night, on a telephone and on
// paper. Then what an export does when something is wrong.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync,
  rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBook } from '../../lib/book/book.js';
import { mdOf } from '../../lib/book/contents.js';
import { handout, handoutName } from '../../lib/book/handout.js';
import { toNotebook, weavePage } from '../../lib/book/weave.js';
import { needChromium } from '../need.js';

const root = resolve(__dirname, '../..');
const { chromium: executablePath, skip } = needChromium();
const exported = ['01-powers-of-two.html', '12-full-maps.html'];
const pages = [...exported, 'index.html'];

let dir: string;
const out = (): string => join(dir, 'out');
const text = (name: string, folder = out()): string =>
  readFileSync(join(folder, name), 'utf8');

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the export of a course, this one if no other is named, to its end. */
function run(words: string[], project = root): Promise<Ended> {
  const argv = [join(project, 'lib/cli/bin.mjs'), 'handout', ...words];
  return new Promise((done) => {
    execFile(process.execPath, argv, { cwd: project }, (error, stdout, stderr) => {
      done({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

let first: Ended;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'freelist-handouts-'));
  first = await run(['12', '01', '--json', '--out', out()]);
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('freelist handout 12 01', () => {
  it('writes the pages and the index, and says so in one line', () => {
    expect(first.status, first.stderr).toBe(0);
    expect(readdirSync(out()).sort()).toEqual(pages);
    const { handouts, faults } = JSON.parse(first.stdout);
    expect(first.stdout.trim().split('\n')).toHaveLength(1);
    expect(faults).toEqual([]);
    expect(handouts).toEqual(
      exported.map((name) => ({
        notebook: `notebooks/${name.replace('.html', '.md')}`,
        file: join(out(), name),
        bytes: Buffer.byteLength(text(name)),
      })),
    );
  });

  it('has the plots, with alternative text, and the outputs', () => {
    const [html] = text('12-full-maps.html').split('<section class="answers');
    const source = text('12-full-maps.md', join(root, 'notebooks'));
    const shown = source.match(/^await show\(/gm)!.length;
    expect(shown).toBeGreaterThan(1);
    expect(html.match(/<svg role="img" aria-label="[^"]{40,}"/g)).toHaveLength(shown);
    expect(html.match(/<pre class="output[^>]*><code>\S/g)!.length).toBeGreaterThan(5);
    expect(html).not.toContain('you said');
  });

  it('writes the same bytes again', { timeout: 60_000 }, async () => {
    const again = join(dir, 'again');
    cpSync(out(), again, { recursive: true });
    writeFileSync(join(again, '01-powers-of-two.html'), 'old');
    const { status } = await run(['01', '--out', again]);
    expect(status).toBe(0);
    for (const name of pages) {
      expect(text(name, again) === text(name), name).toBe(true);
    }
  });
});

describe('the whole course, not executed', () => {
  const book = loadBook(root);
  const entries = book.contents.notebooks.filter((e) => book.pages.has(mdOf(e)));
  const made = new Map(
    entries.map((entry) => {
      const woven = toNotebook(weavePage(book.pages.get(mdOf(entry))!, entry.nn));
      return [handoutName(entry), handout(book, entry, JSON.parse(woven), entries)];
    }),
  );
  const idsOf = (html: string): string[] =>
    [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);

  it.each([...made.keys()])('every link of %s leads to a place', (name) => {
    const html = made.get(name)!;
    const links = [...html.matchAll(/<a [^>]*href="([^"]+)"/g)].map(([, to]) => to);
    const inside = links.filter((to) => !/^https?:/.test(to) && to !== 'index.html');
    expect(inside.length).toBeGreaterThan(0);
    const dead = inside.filter((to) => {
      const [page, id] = to.split('#');
      const target = page === '' ? html : made.get(page);
      return !target || (id !== undefined && !idsOf(target).includes(id));
    });
    expect(dead).toEqual([]);
  });

  it.each([...made.keys()])('every quotation of %s has its lines', (name) => {
    const html = made.get(name)!;
    const captions = [...html.matchAll(/<figcaption>(.*?)<\/figcaption>/g)];
    const quotes = book.pages.get(`notebooks/${name.replace('.html', '.md')}`)?.quotes;
    expect(captions).toHaveLength(quotes!.length);
    for (const [, caption] of captions) expect(caption).toMatch(/ · lines? \d+/);
  });
});

describe.skipIf(skip)(`in Chromium${skip ? `: passed over, ${skip}` : ''}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    const args =
      '--no-sandbox --disable-gpu --disable-quic --no-first-run ' +
      '--disable-background-networking --disable-component-update --disable-sync';
    browser = await chromium.launch({ executablePath, args: args.split(' ') });
  });
  afterAll(() => browser.close());

  /** Opens a page; `asked` is all that it requested. */
  async function open(
    name: string,
    options: Parameters<Browser['newPage']>[0],
  ): Promise<{ page: Page; asked: string[]; url: string }> {
    const page = await browser.newPage(options);
    const asked: string[] = [];
    page.on('request', (r) => asked.push(r.url()));
    const url = pathToFileURL(join(out(), name)).href;
    await page.goto(url);
    return { page, asked, url };
  }

  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const looks = pages.flatMap((name) =>
    (['light', 'dark'] as const).flatMap((colorScheme) =>
      [1000, 360].map((width) => ({ name, colorScheme, width })),
    ),
  );

  it.each(looks)(
    '$name, $colorScheme, $width px: accessible, alone, not too wide',
    { timeout: 30_000 },
    async ({ name, colorScheme, width }) => {
      const viewport = { width, height: 900 };
      const { page, asked, url } = await open(name, { viewport, colorScheme });
      const wide = () =>
        page.evaluate(() => document.documentElement.scrollWidth);
      expect(await wide()).toBe(width);
      await page.evaluate(() => {
        document.querySelectorAll('details').forEach((fold) => (fold.open = true));
      });
      expect(await wide()).toBe(width);
      await page.evaluate(axe.source);
      const violations = await page.evaluate(async (values) => {
        const found = await (window as any).axe.run({
          runOnly: { type: 'tag', values },
        });
        return found.violations.map(({ id, nodes }: any) => [
          id,
          nodes.length,
          nodes[0].html.slice(0, 200),
          nodes[0].failureSummary,
        ]);
      }, tags);
      expect(violations).toEqual([]);
      expect(asked).toEqual([url]);
      await page.close();
    },
  );

  it('by night the ground is dark', async () => {
    const { page } = await open(pages[0], { colorScheme: 'dark' });
    const ground = await page.evaluate(
      () => getComputedStyle(document.body).backgroundColor,
    );
    expect(ground).toBe('rgb(22, 25, 29)');
    await page.close();
  });

  // A4 less the margins of the page, in CSS pixels: 176 mm by 259 mm.
  const paper = { width: 665, height: 978 };

  it.each(exported)('%s on paper: no line is cut off', async (name) => {
    const { page } = await open(name, { viewport: paper });
    await page.emulateMedia({ media: 'print' });
    const { seen, cut, high } = await page.evaluate(({ width, height }) => {
      const cut: string[] = [];
      let seen = 0;
      const visible = (e: Element): boolean => e.getClientRects().length > 0;
      const all = (selector: string): Element[] =>
        Array.from(document.querySelectorAll(selector)).filter(visible);
      for (const box of all('pre, table, .table, .picture, svg, .line, td, th')) {
        seen++;
        const { left, right } = box.getBoundingClientRect();
        const scrolls = box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0;
        if (left < -0.5 || right > width + 0.5 || scrolls) {
          cut.push(`${box.tagName}.${box.getAttribute('class')}: ${box.textContent!.slice(0, 80)}`);
        }
      }
      // Text may leave its box: look at the letters themselves.
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        for (const word of Array.from(node.textContent!.matchAll(/\S+/g))) {
          const range = document.createRange();
          range.setStart(node, word.index);
          range.setEnd(node, word.index + word[0].length);
          for (const { left, right } of Array.from(range.getClientRects())) {
            seen++;
            if (left < -0.5 || right > width + 0.5) cut.push(word[0]);
          }
        }
      }
      // A line number is no text of the page: measure it by its letters.
      for (const line of all('.line[data-n]')) {
        seen++;
        const room = parseFloat(getComputedStyle(line, '::before').width);
        const copy = document.createElement('span');
        copy.textContent = (line as HTMLElement).dataset.n!;
        line.append(copy);
        if (copy.getBoundingClientRect().width > room) cut.push(`number ${copy.textContent}`);
        copy.remove();
      }
      const high = all('svg, .short, tr, .callout').filter(
        (e) => e.getBoundingClientRect().height > height,
      ).length;
      return { seen, cut, high };
    }, paper);
    expect(seen).toBeGreaterThan(1000);
    expect(cut).toEqual([]);
    expect(high).toBe(0);
    await page.close();
  });

  it('on paper the answers stand at the end, and numbers are open', async () => {
    const { page } = await open('12-full-maps.html', { viewport: paper });
    const shown = (selector: string) => page.locator(selector).first().isVisible();
    const told = page.locator('.answer p').first();
    expect(await shown('.answers')).toBe(false);
    expect(await shown('.numbers td')).toBe(false);
    await page.emulateMedia({ media: 'print' });
    expect(await shown('.answers')).toBe(true);
    expect(await shown('.answers svg')).toBe(true);
    expect(await shown('.blank')).toBe(true);
    expect(await told.isVisible()).toBe(false);
    expect(await shown('.numbers td')).toBe(true);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)!.length).toBeGreaterThan(5);
    expect(pdf.toString('latin1')).toMatch(/\/MediaBox \[0 0 59[45][.\d]* 84[12]/); // A4
    await page.close();
  });
});

/** A small course of its own: this lib, and the notebooks given. */
function course(cells: Record<string, string>): string {
  const project = mkdtempSync(join(dir, 'course-'));
  cpSync(join(root, 'lib'), join(project, 'lib'), { recursive: true });
  for (const name of ['package.json', 'tsconfig.json']) {
    cpSync(join(root, name), join(project, name));
  }
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'), 'dir');
  mkdirSync(join(project, 'notebooks'));
  const notebooks = Object.entries(cells).map(([nn, cell]) => {
    const page = `# ${nn}. What?\n\nRun:\n\n\`\`\`typescript\n${cell}\n\`\`\`\n`;
    writeFileSync(join(project, `notebooks/${nn}-what.md`), page);
    return { nn, slug: 'what', title: 'What?', files: [], minutes: 5 };
  });
  const parts = [{ nn: '00', title: 'Start' }];
  const contents = JSON.stringify({ parts, notebooks, unread: [] });
  writeFileSync(join(project, 'notebooks/contents.json'), contents);
  return project;
}

describe.concurrent('when something is wrong', () => {
  it('a notebook that fails has no handout, the others have', { timeout: 60_000 }, async () => {
    const project = course({ '01': '6 * 7', '02': "throw new Error('no core');" });
    writeFileSync(join(project, '01-what.html'), 'old');
    const { status, stderr, stdout } = await run(['--out', '.'], project);
    expect(status).toBe(1);
    expect(stderr).toContain(
      'freelist: notebooks/02-what.md:5 fails in cell 02-002: Error: no core. ' +
        'It has no handout; "npx freelist run 02" shows more.\n',
    );
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('1 handout in .; begin at index.html\n');
    expect(text('01-what.html', project)).toContain('<code>42</code>');
    expect(existsSync(join(project, '02-what.html'))).toBe(false);
    expect(text('index.html', project)).not.toContain('02-what.html');
  });

  it.each([
    [['98'], /^freelist: notebooks\/contents\.json has no notebook 98\. There are 00, /],
    [['01', '--out', 'package.json'], /^freelist: package\.json cannot be written \(ENOTDIR\)\. /],
    [['01', '--out', '/proc/handouts'], /^freelist: \/proc\/handouts cannot be written \(\w+\)\. /],
    [['01', '--outt', 'x'], /^error: unknown option '--outt'/],
  ])('%j: exit 2, with a sentence, before anything is executed', async (words, sentence) => {
    const { status, stderr } = await run(words);
    expect(status).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('    at ');
  }, 60_000);

  it('--help names the exit codes', async () => {
    const { status, stdout } = await run(['--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/--out <dir>[\s\S]*Exit codes: 0 done, 1 .*, 2/);
  });
});

describe.skipIf(process.platform === 'win32').concurrent('an interrupted export', () => {
  /** Processes that were started with this mark in their environment. */
  function marked(mark: string): string[] {
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
        } catch {
          return false; // it has gone meanwhile
        }
      });
  }

  async function until(what: () => boolean, child: ChildProcess): Promise<void> {
    while (!what() && child.exitCode === null) await sleep(5);
    expect(what()).toBe(true);
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s leaves whole pages and no process', { timeout: 60_000 }, async (signal, code) => {
    const project = course({
      '01': '6 * 7',
      '02': 'await new Promise((resolve) => setTimeout(resolve, 30_000));',
    });
    writeFileSync(join(project, '02-what.html'), 'from before');
    const mark = `FREELIST_MARK=${randomUUID()}`;
    const child = spawn(
      process.execPath,
      ['lib/cli/bin.mjs', 'handout', '--out', '.'],
      { cwd: project, stdio: 'ignore', env: { ...process.env, [mark.split('=')[0]]: mark.split('=')[1] } },
    );
    const ended = once(child, 'exit');
    await until(() => existsSync(join(project, '01-what.html')), child);
    const linux = process.platform === 'linux';
    if (linux) expect(marked(mark).length).toBeGreaterThan(1); // it, and a kernel
    child.kill(signal);
    expect(await ended).toEqual([code, null]);
    expect(text('01-what.html', project)).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
    expect(text('02-what.html', project)).toBe('from before');
    const left = readdirSync(project).filter((name) => /html|tmp/.test(name));
    expect(left).toEqual(['01-what.html', '02-what.html']);
    if (!linux) return;
    for (let i = 0; i < 100 && marked(mark).length > 0; i++) await sleep(20);
    expect(marked(mark)).toEqual([]);
  });
});

describe('the reader', () => {
  let server: Server;
  beforeAll(async () => {
    const file = pathToFileURL(join(root, 'lib/cli/reader.mjs')).href;
    const reader: { servePages(folder: string, port: number): Promise<Server> } =
      await import(file);
    writeFileSync(join(dir, 'secret.html'), 'secret');
    server = await reader.servePages(out(), 0);
  });
  afterAll(() => server.close());

  /** The path as it stands: fetch would tidy it. */
  async function get(path: string, method = 'GET') {
    const { port } = server.address() as AddressInfo;
    const asked = request({ port, host: '127.0.0.1', path, method, agent: false }).end();
    const [reply]: IncomingMessage[] = await once(asked, 'response') as any;
    let body = '';
    for await (const chunk of reply) body += chunk;
    return { status: reply.statusCode, type: reply.headers['content-type'], body };
  }

  it('serves the pages as HTML, the index first', async () => {
    const html = 'text/html; charset=utf-8';
    const index = { status: 200, type: html, body: text('index.html') };
    expect(await get('/')).toEqual(index);
    expect(await get('/index.html?from=mail')).toEqual(index);
    const body = text(exported[0]);
    expect(await get(`/${exported[0]}`)).toEqual({ status: 200, type: html, body });
    expect(await get('/', 'HEAD')).toEqual({ ...index, body: '' });
  });

  it.each([
    '/../secret.html', '/%2e%2e/secret.html', '/..%2fsecret.html', '/..\\secret.html',
    '//secret.html', '/none.html', '/%E0%A4%A', '/.', '/index.html/..', '/index.html%00',
  ])('%s is not found', async (path) => {
    const { status, body } = await get(path);
    expect(status).toBe(404);
    expect(body).not.toContain('secret');
  });

  it('answers to this machine only, and lets nothing be written', async () => {
    expect((server.address() as AddressInfo).address).toBe('127.0.0.1');
    expect((await get('/', 'POST')).status).toBe(405);
    expect((await get('/new.html', 'PUT')).status).toBe(405);
  });
});
