#!/usr/bin/env node
// npx freelist: loads the TypeScript of the command line through tsx.
//
// Plain JavaScript, so that a checkout whose packages are not yet
// installed answers with a sentence and not with a module error.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

try {
  require.resolve('tsx/cjs/api');
} catch {
  process.stderr.write(
    'freelist: its packages are not installed yet. ' +
      'Run "npm test" or "npm start" once; both install what they need.\n',
  );
  process.exit(2);
}

// Who reads only the beginning of what we print, as `head` does, is no
// fault: nothing more is to be done.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

require('tsx/cjs/api').register();
await require('./freelist.ts').main(process.argv.slice(2));
