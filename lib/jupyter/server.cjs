// The kernel's end of the Jupyter protocol, to the letter where it counts.
//
// A front end believes what a kernel sends: `execute_input` numbers the
// cell, `error` makes it red, `aborted` says that it was not run. Requests
// to execute are answered one after another; after one that failed, those
// that were already on their way are aborted, later ones run.
'use strict';

const zmq = require('zeromq');
const wire = require('./wire.cjs');
const faults = require('./faults.cjs');

/** How long after a failure a request sent before it may still arrive. */
const IN_FLIGHT = 500;

/** Output is gathered for so long (ms), and up to so many characters. */
const FLUSH_AFTER = 50;
const FLUSH_AT = 1 << 15;

/** How long the last messages may take to be fetched (ms). */
const LINGER = 1000;

class Server {
  constructor({ connection, handler, session, tslab, complain }) {
    Object.assign(this, { connection, handler, session, complain });
    this.id = require('node:crypto').randomUUID();
    this.count = 0;
    this.queue = [];
    this.running = null;
    this.stream = null;
    this.flushed = 0;
    this.failedAt = -Infinity;
    this.adoptOutput(tslab);
  }

  /** From here on the process's output belongs to the cell that made it. */
  adoptOutput(tslab) {
    for (const name of ['stdout', 'stderr']) {
      const real = process[name].write.bind(process[name]);
      process[name].write = (chunk, encoding, done) => {
        const cell = this.session.owner();
        if (!cell) return real(chunk, encoding, done);
        const text =
          typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
        this.write(cell, name, text);
        const callback = typeof encoding === 'function' ? encoding : done;
        if (callback) process.nextTick(callback);
        return true;
      };
    }
    tslab.lastWriteDisplayData = (content, update) => {
      const cell = this.session.owner();
      if (!cell) return;
      const type = update ? 'update_display_data' : 'display_data';
      this.publish(type, cell.request, content);
      this.session.noteOutput(cell);
    };
  }

  async start() {
    this.sockets = {
      iopub: new zmq.Publisher(),
      shell: new zmq.Router(),
      control: new zmq.Router(),
      stdin: new zmq.Router(),
      hb: new zmq.Reply(),
    };
    // A publisher drops what a slow reader has not fetched; ours must not.
    this.sockets.iopub.sendHighWaterMark = 0;
    for (const [channel, socket] of Object.entries(this.sockets)) {
      socket.linger = LINGER;
      await socket.bind(wire.address(this.connection, channel));
    }
    // A cell may end the process: what it printed is still shown.
    process.on('exit', () => this.flush());
    this.listen('shell');
    this.listen('control');
    for await (const frames of this.sockets.hb) {
      await this.sockets.hb.send(frames);
    }
  }

  async listen(channel) {
    for await (const frames of this.sockets[channel]) {
      try {
        const message = wire.decode(this.connection.key, frames);
        this.receive(channel, message);
      } catch (error) {
        this.complain(String(error));
      }
    }
  }

  /** Sends a message on iopub; what was printed before goes out before. */
  publish(type, parent, content, metadata) {
    if (type !== 'stream') this.flush();
    const message = this.message(type, parent, content, metadata);
    const topic = [Buffer.from(type)];
    this.send('iopub', { ...message, idents: topic });
  }

  reply(channel, request, content, metadata) {
    const type = request.header.msg_type.replace(/_request$/, '_reply');
    const message = this.message(type, request, content, metadata);
    return this.send(channel, { ...message, idents: request.idents });
  }

  message(type, parent, content, metadata) {
    const header = wire.header(type, this.id);
    return { header, parent_header: parent.header, content, metadata };
  }

  async send(channel, message) {
    try {
      const frames = wire.encode(this.connection.key, message);
      await this.sockets[channel].send(frames);
    } catch (error) {
      this.complain(`${message.header.msg_type} was not sent: ${error}`);
    }
  }

  status(execution_state, request) {
    this.publish('status', request, { execution_state });
  }

  write(cell, name, text) {
    const { stream } = this;
    if (stream?.cell === cell && stream.name === name) {
      stream.text += text;
    } else {
      this.flush();
      this.stream = { cell, name, text };
      setImmediate(() => this.flush());
    }
    // The first line of a long loop goes out at once: until the loop ends,
    // no setImmediate comes.
    const old = Date.now() - this.flushed > FLUSH_AFTER;
    if (old || this.stream.text.length > FLUSH_AT) this.flush();
    this.session.noteOutput(cell);
  }

  flush() {
    const { stream } = this;
    this.stream = null;
    if (!stream) return;
    const { cell, name, text } = stream;
    this.flushed = Date.now();
    this.publish('stream', cell.request, { name, text });
  }

  receive(channel, request) {
    const { msg_type } = request.header;
    if (msg_type === 'execute_request') {
      this.enqueue(request);
      return;
    }
    this.status('busy', request);
    if (msg_type === 'shutdown_request') {
      this.shutdown(channel, request);
      return;
    }
    let content;
    try {
      content = this.answer(msg_type, request.content);
    } catch (error) {
      const { kind, ...told } = faults.thrown('throw', error);
      content = { status: 'error', ...told };
    }
    if (content) this.reply(channel, request, content);
    this.status('idle', request);
    // The front end shows one light for all: a cell is still running.
    if (this.running) this.status('busy', this.running);
  }

  /** Content of the reply; nothing for what this kernel does not know. */
  answer(msg_type, content) {
    const { handler } = this;
    switch (msg_type) {
      case 'kernel_info_request':
        return { status: 'ok', ...handler.handleKernel() };
      case 'is_complete_request':
        return handler.handleIsComplete(content);
      case 'inspect_request':
        return handler.handleInspect(content);
      case 'complete_request':
        return handler.handleComplete(content);
      case 'comm_info_request':
        return { status: 'ok', comms: {} };
      case 'history_request':
        return { status: 'ok', history: [] };
      case 'interrupt_request':
        this.session.executor.interrupt();
        return { status: 'ok' };
      default:
        return undefined;
    }
  }

  enqueue(request) {
    const sent = Date.parse(request.header.date);
    const before = sent < this.failedAt;
    if (before && Date.now() < this.failedAt + IN_FLIGHT) {
      this.abort(request);
      return;
    }
    this.queue.push(request);
    this.work();
  }

  async work() {
    if (this.running) return;
    while (this.queue.length > 0) {
      this.running = this.queue.shift();
      await this.execute(this.running);
      this.running = null;
    }
  }

  async execute(request) {
    const { code = '', silent = false } = request.content;
    const settle = request.metadata?.freelist?.settle ?? 0;
    const counts = !silent && request.content.store_history !== false;
    if (counts) this.count++;
    this.status('busy', request);
    const cell = {
      request,
      msg_id: request.header.msg_id,
      count: this.count,
      answered: false,
      // Jupyter shows it under the cell, though its reply is long sent.
      late: ({ kind, ...told }) => this.publish('error', request, told),
    };
    if (!silent) {
      const execution_count = this.count;
      this.publish('execute_input', request, { code, execution_count });
    }
    // What the last cell printed just now is no reason to wait.
    this.flushed = 0;
    if (settle) await this.session.quiet(settle);
    const told = await this.session.run(cell, code);
    this.answerExecute(cell, told, silent);
    this.status('idle', request);
  }

  answerExecute(cell, told, silent) {
    const { request } = cell;
    const execution_count = this.count;
    for (const { ename, evalue, traceback } of silent ? [] : told) {
      this.publish('error', request, { ename, evalue, traceback });
    }
    this.flush();
    cell.answered = true;
    const first = told.find(({ msg_id }) => msg_id === cell.msg_id) ?? told[0];
    if (!first) {
      const rest = { payload: [], user_expressions: {} };
      this.reply('shell', request, { status: 'ok', execution_count, ...rest });
      return;
    }
    const { ename, evalue, traceback } = first;
    this.reply(
      'shell',
      request,
      { status: 'error', execution_count, ename, evalue, traceback },
      { freelist: { faults: told } },
    );
    if (request.content.stop_on_error === false) return;
    this.failedAt = Date.now();
    for (const queued of this.queue.splice(0)) this.abort(queued);
  }

  abort(request) {
    this.status('busy', request);
    this.reply('shell', request, { status: 'aborted' });
    this.status('idle', request);
  }

  async shutdown(channel, request) {
    const restart = request.content.restart ?? false;
    await this.reply(channel, request, { status: 'ok', restart });
    this.status('idle', request);
    this.session.executor.close();
    for (const socket of Object.values(this.sockets)) socket.close();
    // Timers of cells would keep the process for as long as they like.
    setTimeout(() => process.exit(0), 20);
  }
}

module.exports = { Server };
