// `freelist …` in a process of its own, as a user runs it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const bin = join(__dirname, '..', '..', 'lib', 'cli', 'bin.mjs');

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a verb to its end. */
export function freelist(...words: string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...words]);
    const ran = { out: '', err: '' };
    child.stdout.on('data', (data) => (ran.out += data));
    child.stderr.on('data', (data) => (ran.err += data));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...ran }));
  });
}

export const lines = (text: string): string[] => text.trimEnd().split('\n');
