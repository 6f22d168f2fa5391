// Types of wire.cjs, the Jupyter wire format.

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

export interface Message {
  idents?: Buffer[];
  header: Header;
  parent_header?: Partial<Header>;
  metadata?: Record<string, any>;
  content?: Record<string, any>;
}

/** The connection file, as jupyter_client writes it. */
export interface Connection {
  transport: 'tcp' | 'ipc';
  ip: string;
  key: string;
  signature_scheme: 'hmac-sha256';
  shell_port: number;
  iopub_port: number;
  control_port: number;
  stdin_port: number;
  hb_port: number;
}

export function header(msg_type: string, session: string): Header;
export function encode(
  key: string,
  message: Message,
): (Buffer | string)[];
export function decode(key: string, frames: Buffer[]): Required<Message>;
export function address(
  connection: Connection,
  channel: 'shell' | 'iopub' | 'control' | 'stdin' | 'hb',
): string;
