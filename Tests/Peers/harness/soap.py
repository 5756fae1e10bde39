"""SOAP peers in an environment of their own: spyne as a service, zeep as the client that says what should have been sent."""

import json
import socket
import subprocess
import xml.etree.ElementTree as tree
from pathlib import Path

import httpx

PEERS = Path(__file__).resolve().parent.parent
PYTHON = PEERS / ".venv-soap" / "bin" / "python"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


class SoapService:
    """The echo service of clients/soap_server.py under spyne, in one version of SOAP."""

    def __init__(self, version: str):
        assert PYTHON.exists(), "no .venv-soap: run scripts/peers"
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            program = [PYTHON, PEERS / "clients" / "soap_server.py", str(listener.fileno()), version]
            self.process = subprocess.Popen(program, pass_fds=[listener.fileno()])

    def wsdl(self) -> bytes:
        """The description that spyne writes."""
        return httpx.get(f"{self.url}/?wsdl", timeout=20).raise_for_status().content

    def stop(self):
        self.process.kill()
        self.process.wait()


class Zeep:
    """What zeep would send, canonical, or why it cannot."""

    def __init__(self):
        assert PYTHON.exists(), "no .venv-soap: run scripts/peers"
        self.process = subprocess.Popen(
            [PYTHON, PEERS / "clients" / "zeep_oracle.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def request(self, wsdl: Path, operation: str, arguments: dict) -> dict:
        """`{"envelope"}` or `{"refused"}`."""
        self.process.stdin.write(json.dumps({"wsdl": str(wsdl), "operation": operation, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def canonical(text: str) -> str:
    """Canonical XML 2.0 with prefixes rewritten."""
    return tree.canonicalize(text, rewrite_prefixes=True, qname_aware_attrs=[XSI_TYPE])
