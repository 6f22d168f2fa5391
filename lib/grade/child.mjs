// The process in which exercises are tested: one vitest, one file a time.
//
// The parent may kill it at any moment, with all that it started: that is
// the cure for a loop without end, which no timer inside can stop. So it
// does nothing but run and tell. Plain JavaScript, because node starts it.
//
// argv: the project root, the order of the tests as JSON ({ shuffle: seed }
// or { alone: true } or {}, and `together` for files that may share one
// process), then the test files. Each finished file is one message to the
// parent: { file, tests: [{ title, state, message }], error }.
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

/** Runs files, or of them the tests whose title matches the pattern. */
async function run(some, pattern) {
  const project = vitest.getRootProject();
  const specs = some.map((file) =>
    project.createSpecification(join(root, file)));
  if (pattern !== undefined) vitest.setGlobalTestNamePattern(pattern);
  const { testModules, unhandledErrors } =
    await vitest.runTestSpecifications(specs);
  vitest.resetGlobalTestNamePattern();
  return some.map((file, i) => {
    // All that has run so far is in the list, not these files alone.
    const module = testModules.find((one) => one.moduleId === specs[i].moduleId);
    return {
      file,
      tests: [...(module?.children.allTests() ?? [])].map((test) => ({
        title: test.name,
        state: test.result().state,
        message: messageOf(test.result().errors),
      })),
      error: messageOf(module?.errors()) ?? messageOf(unhandledErrors),
    };
  });
}

/**
 * Runs each test of a file as if it were the only one. Several files take
 * turns: the first test of each, then the second of each, and so on.
 */
async function runAlone(some) {
  const whole = await run(some);
  const most = Math.max(...whole.map(({ tests }) => tests.length));
  const alone = whole.map(({ file }) => ({ file, tests: [], error: null }));
  for (let i = 0; i < most; i++) {
    const turn = whole.flatMap(({ tests }, at) =>
      i < tests.length ? [{ at, title: tests[i].title }] : []);
    const exactly = turn.map(({ title }) =>
      title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const results = await run(
      turn.map(({ at }) => some[at]),
      new RegExp(`^(${exactly.join('|')})$`),
    );
    turn.forEach(({ at, title }, k) => {
      const { tests } = results[k];
      alone[at].tests.push(tests.find((test) => test.title === title));
    });
  }
  return alone;
}

const groups = order.together ? [files] : files.map((file) => [file]);
for (const group of groups) {
  process.send({ started: group[0] });
  const results = await (order.alone ? runAlone(group) : run(group));
  for (const result of results) process.send(result);
}
await vitest.close();
process.disconnect();
