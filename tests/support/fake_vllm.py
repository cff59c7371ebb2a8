"""The command `vllm serve` as a stand-in: it serves the embedded model, or fails to.

The environment says how:

- MEMTESTS_VLLM_PIDS: a file to which it adds its process id and that of a process it starts
- MEMTESTS_VLLM_FAULT: `dies` with an error, `hangs` before it is ready, is `killed` at the
  third completion of a poem
"""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.support.running import ROOT

DEATH = """\
(EngineCore pid=7) INFO 11-26 09:05:29 [core.py:93] Loading weights
(EngineCore pid=7) ERROR 11-26 09:05:30 [core.py:99] Traceback (most recent call last):
(EngineCore pid=7) ERROR 11-26 09:05:30 [core.py:99]   File "core.py", line 3, in run
(EngineCore pid=7) ERROR 11-26 09:05:30 [core.py:99] ValueError: no room for the cache
(APIServer pid=6) RuntimeError: Engine core initialization failed. See root cause above.
"""


def put_on_path(folder: Path) -> str:
    """Put a command `vllm` that runs this module into a folder. Returns a PATH that finds it."""
    folder.mkdir()
    command = folder / "vllm"
    command.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.support.fake_vllm import main\nmain(sys.argv[1:])\n"
    )
    command.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def main(words: list[str]) -> None:
    assert words[0] == "serve"
    assert words[words.index("--host") + 1] == "127.0.0.1"
    (name,) = (w.partition("=")[2] for w in words if w.startswith("--served-model-name="))
    port = int(words[words.index("--port") + 1])
    fault = os.environ.get("MEMTESTS_VLLM_FAULT")
    engine = subprocess.Popen(["sleep", "600"])
    with Path(os.environ["MEMTESTS_VLLM_PIDS"]).open("a") as file:
        file.write(f"{os.getpid()}\n{engine.pid}\n")
    if fault == "dies":
        sys.exit(DEATH)
    print("INFO 11-26 09:05:29 [api.py:1] Loading weights", flush=True)
    if fault == "hangs":
        time.sleep(600)
    listening = socket.socket()
    listening.bind(("127.0.0.1", port))
    _serve(name, listening, fault)


def _serve(name: str, listening: socket.socket, fault: str | None) -> None:
    import uvicorn
    from starlette.responses import JSONResponse

    from memtests.fixtures.models.local.loading import Loading, load
    from tests.support.serving import Serving

    serving = Serving(load("embedded", Loading(device="cpu")), max_logprobs=40, name=name)
    served, texts = serving.app(), itertools.count(1)
    key = f"Bearer {os.environ['VLLM_API_KEY']}".encode()

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        asked = scope["type"] == "http" and scope["path"].startswith("/v1")
        if asked and dict(scope["headers"]).get(b"authorization") != key:
            await JSONResponse({"error": "Unauthorized"}, 401)(scope, receive, send)
        else:
            await served(scope, receive, send)

    def kill(path: str, body: dict[str, Any]) -> None:
        if len(body.get("prompt", "")) > 20 and path.endswith("completions") and next(texts) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    if fault == "killed":
        serving.spoil = kill
    server = uvicorn.Server(uvicorn.Config(guarded, log_level="warning"))
    server.run(sockets=[listening])
