// Opens the user's browser, without showing the server's token to others.
//
// The address that a program is started with can be read by every user of
// the machine. So the browser is sent to an address that works once, and
// is sent on from there to the real one.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { locate } from './python.mjs';

function opener(env) {
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32')
    return ['rundll32', 'url.dll,FileProtocolHandler'];
  if (locate('wslview', env)) return ['wslview'];
  const screen = env.DISPLAY || env.WAYLAND_DISPLAY;
  return screen && locate('xdg-open', env) ? ['xdg-open'] : null;
}

/** Resolves to whether a browser could be asked to open `url`. */
export async function openBrowser(url, env) {
  const command = opener(env);
  if (!command) return false;
  const secret = `/${randomBytes(16).toString('hex')}`;
  const hop = createServer((request, reply) => {
    const here = request.url === secret;
    reply.writeHead(here ? 302 : 404, here ? { Location: url } : {}).end();
    if (here) hop.close();
  });
  await new Promise((resolve) => hop.listen(0, '127.0.0.1', resolve));
  hop.unref();
  const once = `http://127.0.0.1:${hop.address().port}${secret}`;
  const child = spawn(command[0], [...command.slice(1), once], {
    env,
    stdio: 'ignore',
    detached: true,
  });
  child.unref();
  return new Promise((resolve) => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
}
