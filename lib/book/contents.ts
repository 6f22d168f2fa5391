// notebooks/contents.json: the one place that pairs notebook, title, part,
// files and minutes, and gives the order of reading.
//
// Idea: array order is reading order. A file that several notebooks read
// is read in that order too, from its first line to its last.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BookError, type Fault } from './fault.js';

const nn = z.string().regex(/^\d\d$/, 'two digits, as in "07"');
const libFile = z
  .string()
  .regex(/^lib\/[\w./-]+\.ts$/, 'a file as in "lib/bsd/malloc.ts"');

const schema = z.strictObject({
  /** nn is the first decade that the part covers. */
  parts: z.array(z.strictObject({ nn, title: z.string().min(1) })).min(1),
  notebooks: z.array(
    z.strictObject({
      nn,
      slug: z
        .string()
        .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower case, as in "first-fit-map"'),
      title: z.string().min(1),
      files: z.array(libFile),
      minutes: z.number().int().positive(),
    }),
  ),
  /** Files that have landed before the notebook that reads them. */
  unread: z.array(libFile),
});

export type Contents = z.infer<typeof schema>;
export type Entry = Contents['notebooks'][number];
export type Part = Contents['parts'][number];

export const contentsPath = 'notebooks/contents.json';

/** Source and product of a notebook, relative to the project root. */
export const mdOf = ({ nn, slug }: Entry): string =>
  `notebooks/${nn}-${slug}.md`;
export const ipynbOf = ({ nn, slug }: Entry): string =>
  `notebooks/${nn}-${slug}.ipynb`;

/** The part a notebook belongs to: the last that begins at or before it. */
export function partOf({ parts }: Contents, nn: string): Part | undefined {
  return parts.filter((part) => part.nn <= nn).at(-1);
}

/** @throws BookError (exit 2) when the file is missing or not as described */
export function loadContents(root: string): Contents {
  const unreadable = (fact: string): BookError =>
    new BookError(
      [
        {
          place: contentsPath,
          fact,
          remedy: `Mend it; lib/book/contents.ts has its form.`,
        },
      ],
      2,
    );
  let text: string;
  let json: unknown;
  try {
    text = readFileSync(join(root, contentsPath), 'utf8');
  } catch (error) {
    throw unreadable(
      `cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw unreadable(`is no JSON (${(error as Error).message})`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(
    `is wrong at ${issue.path.join('.') || 'the top'}: ${issue.message}`,
  );
}

/**
 * The notebooks that a command names, in reading order; all when none.
 * @throws BookError (exit 2) for a number that no notebook has
 */
export function select(contents: Contents, numbers: string[]): Entry[] {
  if (numbers.length === 0) return contents.notebooks;
  const wanted = new Set(numbers.map((n) => n.padStart(2, '0')));
  const found = contents.notebooks.filter((entry) => wanted.delete(entry.nn));
  const remedy = `There are ${contents.notebooks.map((entry) => entry.nn).join(', ')}.`;
  const faults = [...wanted].map((n) => ({
    place: contentsPath,
    fact: `has no notebook ${n}`,
    remedy,
  }));
  if (faults.length > 0) throw new BookError(faults, 2);
  return found;
}

/**
 * Is contents.json true of the files?
 * @param headings the first level-1 heading of each .md that exists
 */
export function checkContents(
  root: string,
  contents: Contents,
  headings: ReadonlyMap<string, { line: number; text: string } | null>,
): Fault[] {
  const faults: Fault[] = [];
  const say = (place: string, fact: string, remedy: string): void => {
    faults.push({ place, fact, remedy });
  };
  const exists = (path: string): boolean => existsSync(join(root, path));

  const ascending = (what: string, numbers: string[]): void =>
    numbers.forEach((n, i) => {
      if (i > 0 && n <= numbers[i - 1]) {
        say(
          contentsPath,
          `has ${what} ${n} after ${numbers[i - 1]}`,
          'Let the numbers ascend.',
        );
      }
    });
  ascending(
    'part',
    contents.parts.map((part) => part.nn),
  );
  ascending(
    'notebook',
    contents.notebooks.map((entry) => entry.nn),
  );

  const slugs = new Set<string>();
  for (const entry of contents.notebooks) {
    const md = mdOf(entry);
    if (slugs.has(entry.slug))
      say(contentsPath, `has two notebooks ${entry.slug}`, 'Rename one.');
    slugs.add(entry.slug);
    if (!partOf(contents, entry.nn)) {
      say(
        contentsPath,
        `has no part for notebook ${entry.nn}`,
        'Add it to "parts".',
      );
    }
    for (const file of entry.files) {
      if (!exists(file))
        say(
          contentsPath,
          `lists ${file} for notebook ${entry.nn}; there is no such file`,
          'Correct the path.',
        );
    }
    if (!headings.has(md)) {
      say(
        md,
        'is not there',
        `Write it, or take notebook ${entry.nn} out of ${contentsPath}.`,
      );
      continue;
    }
    if (!exists(ipynbOf(entry)))
      say(
        ipynbOf(entry),
        'is not there',
        `Run "npm run weave -- ${entry.nn}".`,
      );
    const heading = headings.get(md);
    const title = `${entry.nn}. ${entry.title}`;
    if (heading?.text !== title) {
      const is = heading ? `says "${heading.text}"` : 'has no title';
      say(
        `${md}:${heading?.line ?? 1}`,
        `${is}, ${contentsPath} says "${title}"`,
        'Make them the same.',
      );
    }
  }
  return [
    ...faults,
    ...strays(root, contents),
    ...checkUnread(contents, exists),
  ];
}

/** Notebooks in the folder that the contents do not know. */
function strays(root: string, contents: Contents): Fault[] {
  const known = new Set(
    contents.notebooks.flatMap((entry) => [mdOf(entry), ipynbOf(entry)]),
  );
  return readdirSync(join(root, 'notebooks'))
    .filter((name) => /\.(md|ipynb)$/.test(name))
    .map((name) => `notebooks/${name}`)
    .filter((path) => !known.has(path))
    .sort()
    .map((place) => ({
      place,
      fact: `does not stand in ${contentsPath}`,
      remedy: 'Add it there, or delete it.',
    }));
}

function checkUnread(
  contents: Contents,
  exists: (path: string) => boolean,
): Fault[] {
  const read = new Set(contents.notebooks.flatMap((entry) => entry.files));
  return contents.unread.flatMap((file) => {
    const fact = read.has(file)
      ? `lists ${file} as unread, and for a notebook`
      : `lists ${file} as unread; there is no such file`;
    const wrong = read.has(file) || !exists(file);
    return wrong
      ? [{ place: contentsPath, fact, remedy: 'Take it out of "unread".' }]
      : [];
  });
}
