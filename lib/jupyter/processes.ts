// Child processes that cannot outlive us.
//
// Each is the leader of a process group of its own, so that killing the
// group also ends what the child started. All groups are killed when this
// process exits, and on the signals that would end it.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';

/** Running children, and what to do when each is gone. */
const live = new Map<ChildProcess, () => void>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** How long the pipes of a dead child may take to run dry, in ms. */
const CLOSING = 500;
const windows = process.platform === 'win32';

/** Ends the child and its descendants at once. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (windows) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

function killAll(): void {
  for (const [child, cleanUp] of live) {
    killGroup(child);
    cleanUp();
  }
}

/** The signal still ends this process, unless another listener decides. */
function onSignal(signal: NodeJS.Signals): void {
  killAll();
  unwatch();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function watch(): void {
  process.on('exit', killAll);
  for (const signal of signals) process.on(signal, onSignal);
}

function unwatch(): void {
  process.off('exit', killAll);
  for (const signal of signals) process.off(signal, onSignal);
}

/**
 * Spawns a child that dies with us; `ended` says how it ended. `cleanUp`
 * is called, without waiting, once it is gone.
 */
export function spawnOwned(
  command: string,
  args: string[],
  options: SpawnOptions,
  cleanUp = (): void => {},
): { child: ChildProcess; ended: Promise<string> } {
  const child = spawn(command, args, { ...options, detached: !windows });
  if (live.size === 0) watch();
  live.set(child, cleanUp);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      const how = signal ? `signal ${signal}` : `exit code ${code}`;
      // What it started may hold its pipes open: end that first.
      killGroup(child);
      child.once('close', () => resolve(how));
      setTimeout(resolve, CLOSING, how).unref();
    });
  }).finally(() => {
    live.delete(child);
    if (live.size === 0) unwatch();
    cleanUp();
  });
  return { child, ended };
}

/** Whether `promise` is fulfilled within so many milliseconds. */
export async function within(
  promise: Promise<unknown>,
  ms: number,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
