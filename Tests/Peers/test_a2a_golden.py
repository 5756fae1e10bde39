"""The examples of A2A in both versions, which the hub's own tests read and write, are what the protocol's SDKs take them for."""

import subprocess
from pathlib import Path

import pytest

PEERS = Path(__file__).resolve().parent


@pytest.mark.parametrize(("environment", "count"), [("a2a1", 124), ("a2a03", 69)])
def test_the_sdk_reads_every_example_of_its_version(environment, count):
    python = PEERS / f".venv-{environment}" / "bin" / "python"
    assert python.exists(), f"no {python.parent.parent.name}: run scripts/peers"
    done = subprocess.run([python, PEERS / "clients" / "a2a_readers.py"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    assert int(done.stdout) == count
