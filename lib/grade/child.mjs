// The process in which exercises are tested: one vitest, one file a time.
//
// The parent may kill it at any moment, with all that it started: that is
// the cure for a loop without end, which no timer inside can stop. So it
// does nothing but run and tell. Plain JavaScript, because node starts it.
//
// argv: the project root, then the test files. Each finished file is one
// message to the parent: { file, tests: [{ title, state, message }], error }.
import { createVitest } from 'vitest/node';

const [root, ...files] = process.argv.slice(2);

const vitest = await createVitest('test', {
  root,
  config: false,
  watch: false,
  include: ['**/*.test.ts'],
  pool: 'forks',
  isolate: false,
  maxWorkers: 1,
  fileParallelism: false,
  reporters: [{}],
  silent: true,
  testTimeout: 60_000,
});

/** What went wrong, as the test or the loader put it. */
const messageOf = (errors) =>
  errors?.length > 0 ? String(errors[0].message ?? errors[0]) : null;

for (const file of files) {
  process.send({ started: file });
  const specs = (await vitest.globTestSpecifications([file])).filter(
    ({ moduleId }) => moduleId.endsWith(file),
  );
  const { testModules, unhandledErrors } =
    await vitest.runTestSpecifications(specs);
  const [module] = testModules;
  process.send({
    file,
    tests: [...(module?.children.allTests() ?? [])].map((test) => ({
      title: test.name,
      state: test.result().state,
      message: messageOf(test.result().errors),
    })),
    error: messageOf(module?.errors()) ?? messageOf(unhandledErrors),
  });
}
await vitest.close();
process.disconnect();
