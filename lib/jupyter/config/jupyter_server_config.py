# How Jupyter is set when "npm start" runs it. Only that command names this
# folder (JUPYTER_CONFIG_PATH); a Jupyter started otherwise is not touched.
import os
import signal
import threading

c = get_config()  # noqa: F821

# The course's kernel, and no other: a new notebook is TypeScript.
c.KernelSpecManager.allowed_kernelspecs = {"tslab"}
c.KernelSpecManager.ensure_native_kernel = False
c.MultiKernelManager.default_kernel_name = "tslab"

# Nothing asks the network.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"


def end_with_parent():
    """Waits until whoever started the server is gone, then ends it."""
    # Not sys.stdin: its lock would be held when Python shuts down.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


# Standard input is a pipe from "npm start". It is closed when that process
# ends, however it ends; then the server stops its kernels and itself.
if os.environ.pop("FREELIST_LIFELINE", None):
    threading.Thread(target=end_with_parent, daemon=True).start()
