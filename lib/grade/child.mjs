// The process in which exercises are tested: one vitest, one file a time.
//
// The parent may kill it at any moment, with all that it started: that is
// the cure for a loop without end, which no timer inside can stop. So it
// does nothing but run and tell. Plain JavaScript, because node starts it.
//
// argv: the project root, the order of the tests as JSON ({ shuffle: seed }
// or { alone: true } or {}), then the test files. Each finished file is one
// message to the parent: { file, tests: [{ title, state, message }], error }.
import { join } from 'node:path';
import { createVitest } from 'vitest/node';

const [root, orderText, ...files] = process.argv.slice(2);
const order = JSON.parse(orderText);

const vitest = await createVitest('test', {
  root,
  config: false,
  watch: false,
  include: ['**/*.test.ts'],
  // A process for each file, for who calls process.exit or kills it; for
  // each test alone a thread, which starts faster.
  pool: order.alone ? 'threads' : 'forks',
  isolate: false,
  maxWorkers: 1,
  fileParallelism: false,
  reporters: [{}],
  silent: true,
  testTimeout: 60_000,
  ...(order.shuffle === undefined
    ? {}
    : { sequence: { shuffle: { tests: true }, seed: order.shuffle } }),
});

/** What went wrong, as the test or the loader put it. */
const messageOf = (errors) =>
  errors?.length > 0 ? String(errors[0].message ?? errors[0]) : null;

/** Runs one file, or of it the tests whose title matches the pattern. */
async function run(file, pattern) {
  const spec = vitest.getRootProject().createSpecification(join(root, file));
  if (pattern !== undefined) vitest.setGlobalTestNamePattern(pattern);
  const { testModules, unhandledErrors } =
    await vitest.runTestSpecifications([spec]);
  vitest.resetGlobalTestNamePattern();
  // All that has run so far is in the list, not this file alone.
  const module = testModules.find((one) => one.moduleId === spec.moduleId);
  return {
    file,
    tests: [...(module?.children.allTests() ?? [])].map((test) => ({
      title: test.name,
      state: test.result().state,
      message: messageOf(test.result().errors),
    })),
    error: messageOf(module?.errors()) ?? messageOf(unhandledErrors),
  };
}

/** Runs each test of a file as if it were the only one. */
async function runAlone(file) {
  const { tests } = await run(file);
  const alone = [];
  for (const { title } of tests) {
    const exactly = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const result = await run(file, new RegExp(`^${exactly}$`));
    alone.push(result.tests.find((test) => test.title === title));
  }
  return { file, tests: alone, error: null };
}

for (const file of files) {
  process.send({ started: file });
  process.send(await (order.alone ? runAlone(file) : run(file)));
}
await vitest.close();
process.disconnect();
