// Tells Jupyter how to start the kernel of the notebooks.
//
// The file lies in the project, and its paths start from there
// ({resource_dir} is its own folder): a checkout can be moved, and nothing
// is written anywhere else. JUPYTER_PATH=.jupyter makes Jupyter look.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SPEC = {
  argv: [
    'node',
    '{resource_dir}/../../../lib/jupyter/kernel.cjs',
    'kernel',
    '--config-path={connection_file}',
  ],
  display_name: 'TypeScript',
  language: 'typescript',
  interrupt_mode: 'signal',
};

/**
 * Writes `.jupyter/kernels/tslab/kernel.json` under `root` unless it stands
 * there already, and returns the folder that JUPYTER_PATH must name.
 */
export function writeKernelspec(root) {
  const jupyter = path.join(root, '.jupyter');
  const folder = path.join(jupyter, 'kernels', 'tslab');
  const file = path.join(folder, 'kernel.json');
  const text = `${JSON.stringify(SPEC, null, 2)}\n`;
  let stands = null;
  try {
    stands = readFileSync(file, 'utf8');
  } catch {
    // Not there yet.
  }
  if (stands !== text) {
    mkdirSync(folder, { recursive: true });
    // In one go: a Jupyter that is running may read it now.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, text);
    renameSync(draft, file);
  }
  return jupyter;
}
