// What changes the system asks first.
//
// Inside the project the set-up does what it must. A system package is
// another matter: only after a yes on a terminal, with --yes, or where
// CI=true says that the machine is ours. Else the commands are shown.
import { locate } from './python.mjs';
import {
  ask,
  asTyped,
  failure,
  NoPython,
  onTerminal,
  run,
  say,
  Trouble,
} from './say.mjs';

/** The commands that install Debian packages, or null where apt is not. */
function aptCommands(names, env) {
  if (!locate('apt-get', env)) return null;
  const commands = [
    ['apt-get', 'update'],
    ['apt-get', 'install', '-y', '--no-install-recommends', ...names],
  ];
  if (process.getuid?.() === 0) return commands;
  return commands.map((command) => ['sudo', ...command]);
}

/**
 * Installs Debian packages if that is allowed. Ends in a Trouble that says
 * how to do it by hand if it is not, or cannot be done.
 */
export async function installFromDebian(names, need, options) {
  const { env, yes, again, verbose, elsewhere } = options;
  const commands = aptCommands(names, env);
  if (!commands) {
    throw new NoPython(`${need}. ${elsewhere} Then run "${again}" again.`, 2);
  }
  const shown = commands.map((command) => `  ${asTyped(command)}`).join('\n');
  const byHand =
    `${need}. These commands install it:\n${shown}\n` +
    `Run them, then "${again}" again; or let it run them: ` +
    `"${again} -- --yes".`;
  let allowed = yes || env.CI === 'true';
  if (!allowed && onTerminal()) {
    say(`${need}. These commands install it:\n${shown}`);
    allowed = await ask('They change your system. Run them now?');
    if (!allowed) {
      throw new Trouble(
        `nothing was changed. Run "${again}" again when it is there.`,
        2,
      );
    }
  }
  if (!allowed) throw new Trouble(byHand, 2);
  if (commands[0][0] === 'sudo' && !locate('sudo', env)) {
    throw new Trouble(
      `${need}. As root, run:\n${shown.replaceAll('sudo ', '')}`,
      2,
    );
  }
  for (const command of commands) {
    // sudo asks for its password on the terminal, past our pipes.
    const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
    const { code, output } = await run(command, { env: quiet, verbose });
    if (code !== 0) {
      throw failure({ command: asTyped(command), output, code, again });
    }
  }
}
