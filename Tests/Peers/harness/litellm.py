"""LiteLLM's proxy without network: a provider of OpenAI's and Anthropic's protocols whose models pretend, or stand behind a double."""

import os
import socket
import subprocess
import time
from pathlib import Path

import httpx
import yaml

from harness.clouds import environment

KEY = "sk-of-the-proxy-5c1d90a7e2f84b63"
#: What the model `pretends` says.
SAID = "hello from the proxy"
START_LIMIT = 120  # it imports a lot


class LiteLLM:
    """The proxy: `pretends` answers by itself, `limited`, `long` and `failing` fail by themselves, and `models` are at other addresses."""

    def __init__(self, folder: Path, models: dict[str, str]):
        pretended = {
            "pretends": SAID,
            "limited": "litellm.RateLimitError",
            "long": "litellm.ContextWindowExceededError",
            "failing": "litellm.InternalServerError",
        }
        answers = {name: {"model": f"openai/{name}", "api_key": "none", "mock_response": answer} for name, answer in pretended.items()}
        # Of this provider it asks for chat completions whoever asks.
        answers |= {name: {"model": f"hosted_vllm/{name}", "api_base": address} for name, address in models.items()}
        configuration = {
            "model_list": [{"model_name": name, "litellm_params": answer} for name, answer in answers.items()],
            "router_settings": {"num_retries": 0, "disable_cooldowns": True},
            "litellm_settings": {"telemetry": False, "num_retries": 0},
        }
        file = folder / "litellm.yaml"
        file.write_text(yaml.safe_dump(configuration))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        settings = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LITELLM_MASTER_KEY": KEY,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or it fetches a list of prices
            "LITELLM_TELEMETRY": "False",
        }
        program = [environment("litellm", "litellm"), "--config", file, "--host", "127.0.0.1", "--port", str(port)]
        with (folder / "litellm.log").open("wb") as log:
            self.process = subprocess.Popen(program, env=settings, cwd=folder, stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT
        while not self._answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.stop()
                raise AssertionError("LiteLLM does not start\n" + (folder / "litellm.log").read_text()[-4000:])
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/liveliness", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self):
        self.process.kill()
        self.process.wait()
