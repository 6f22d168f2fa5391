"""Runs a notebook with nbclient, the reference executor of Jupyter.

Reads one JSON object on standard input ({notebook, cwd, timeout, raised,
settle}) and writes one JSON object a line on standard output: what
happened, as it happens, and at the end the executed notebook. Which of it
is a fault is decided by the reader, lib/jupyter/nbclient.ts.
"""

import asyncio
import json
import os
import sys
import tempfile

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import (
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)


# The kernel inherits standard output, and Node makes it non-blocking for
# all who share it: a long line of ours would then be cut. So ours is a
# copy, and what the kernel gets is standard error.
EVENTS = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


class Stop(Exception):
    """A cell that is tagged raises-exception failed in another way."""


def tell(**event):
    print(json.dumps(event), file=EVENTS, flush=True)


def faults_in(reply):
    return reply["metadata"].get("freelist", {}).get("faults", [])


def manager(folder):
    """Starts the kernel. Sockets with names cannot collide; the numbers of
    ports are free when they are chosen, and may be taken two seconds later,
    when the kernel binds them."""
    km = AsyncKernelManager(kernel_name="tslab")
    if os.name != "nt":
        km.transport = "ipc"
        km.ip = os.path.join(folder, "kernel")
    return km


async def settle(client, milliseconds):
    """Asks the kernel for what came after the last reply."""
    content = {
        "code": "",
        "silent": True,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": False,
    }
    metadata = {"freelist": {"settle": milliseconds}}
    message = client.kc.session.msg(
        "execute_request", content, metadata=metadata
    )
    client.kc.shell_channel.send(message)
    reply = await client.async_wait_for_reply(message["header"]["msg_id"])
    tell(event="late", faults=faults_in(reply) if reply else [])


async def run(job, client):
    current = None

    def started(cell, cell_index):
        nonlocal current
        current = cell_index
        tell(event="cell", index=cell_index)

    def executed(cell, cell_index, execute_reply):
        asked = execute_reply["parent_header"]["msg_id"]
        faults = faults_in(execute_reply)
        tell(event="reply", index=cell_index, asked=asked, faults=faults)
        if "raises-exception" in cell.metadata.get("tags", []):
            raised = [
                fault
                for fault in faults
                if fault["msg_id"] == asked and fault["kind"] in job["raised"]
            ]
            if not raised or len(raised) < len(faults):
                raise Stop

    client.on_cell_execute = started
    client.on_cell_executed = executed
    try:
        async with client.async_setup_kernel(cwd=job["cwd"]):
            for index, cell in enumerate(client.nb.cells):
                await client.async_execute_cell(cell, index)
            await settle(client, job["settle"])
    except (Stop, CellExecutionError):
        pass  # Told by the reply.
    except CellTimeoutError:
        tell(event="broken", index=current, kind="timeout")
    except DeadKernelError:
        tell(event="broken", index=current, kind="died")


def main():
    job = json.load(sys.stdin)
    notebook = nbformat.from_dict(job["notebook"])
    # In memory nbformat wants text in one piece.
    notebook = nbformat.reads(nbformat.writes(notebook), as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            km=manager(folder),
            timeout=job["timeout"],
            record_timing=False,
            shutdown_kernel="immediate",
        )
        asyncio.run(run(job, client))
    tell(event="end", notebook=json.loads(nbformat.writes(client.nb)))


main()
