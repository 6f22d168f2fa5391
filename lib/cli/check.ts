// freelist check: types, quotations, freshness, imports, names, contents.
import { resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import { check, questions, type Question } from '../book/check.js';
import { sentence, type Fault } from '../book/fault.js';
import { checkGenerated } from './generated.js';

const root = resolve(__dirname, '../..');

export function register(program: Command): void {
  const asked = new Argument(
    '[question...]',
    'what to look at; everything when none is named',
  );
  program
    .command('check')
    .addArgument(asked.choices(questions))
    .description('check the course without running it')
    .option('--json', 'one line of JSON on standard output')
    .addHelpText(
      'after',
      '\n  contents   contents.json is true of the files' +
        '\n  quotes     every line of the lib files is quoted, once and in order' +
        '\n  notebooks  each .ipynb is what its .md weaves, and each generated' +
        '\n             table what the course makes of it now' +
        '\n  imports    the rooms of lib keep apart' +
        '\n  names      names of the originals keep their spelling, ours do not' +
        '\n  types      it compiles, strictly and as tslab does' +
        '\n\nOne line a fault. Exit codes: 0 no fault, 1 faults, 2 contents.json' +
        '\nor names.json is unreadable.',
    )
    .action(async (named: Question[], options: { json?: boolean }) => {
      const tables = () => checkGenerated(root);
      const { text, exit } = await report(root, named, options.json, tables);
      console.log(text);
      process.exitCode = exit;
    });
}

/**
 * What the verb prints, and how it ends.
 * @param tables the faults of what is generated from the notebooks
 */
export async function report(
  root: string,
  named: Question[],
  json = false,
  tables?: () => Promise<Fault[]>,
): Promise<{ text: string; exit: number }> {
  const asked = questions.filter(
    (one) => named.length === 0 || named.includes(one),
  );
  // Tables and the picture go with the notebooks that they are made from.
  const also = asked.includes('notebooks') ? tables : undefined;
  const { faults, unread, summary } = await check(root, asked, also);
  // Who asks about quotations is told which files still wait for theirs.
  const waiting = asked.includes('quotes') ? unread : [];
  const notes = waiting.map(
    (file) => `note: ${file} waits for its notebook (unread)`,
  );
  const text = json
    ? JSON.stringify({ faults, unread })
    : [...faults.map(sentence), ...notes, summary].join('\n');
  return { text, exit: faults.length > 0 ? 1 : 0 };
}
