"""Certificates of names that exist nowhere, made anew for a test run with openssl."""

import ssl
import subprocess
from pathlib import Path


def openssl(*arguments) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30)


class Authority:
    """A certificate authority of its own, in a folder."""

    def __init__(self, folder: Path, name="peer-tests"):
        self.folder = folder
        self.key = folder / f"{name}.key"
        self.file = folder / f"{name}.pem"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", "-x509", *curve, "-keyout", self.key, "-out", self.file, "-days", 30, "-subj", f"/CN={name}")

    def issue(self, file: str, *names: str) -> tuple[Path, Path]:
        """A certificate for these names, as `file.pem` and `file.key`; an older one of that name is replaced."""
        key, request, certificate = (self.folder / f"{file}.{kind}" for kind in ("key", "csr", "pem"))
        extensions = self.folder / f"{file}.ext"
        extensions.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", *curve, "-keyout", key, "-out", request, "-subj", f"/CN={names[0]}")
        signing = ["-CA", self.file, "-CAkey", self.key, "-CAcreateserial", "-days", 30, "-extfile", extensions]
        openssl("x509", "-req", "-in", request, "-out", certificate, *signing)
        return certificate, key

    def context(self, protocols=("http/1.1",), certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """What a caller needs who trusts this authority."""
        context = ssl.create_default_context(cafile=str(self.file))
        context.set_alpn_protocols(list(protocols))
        if certificate:
            context.load_cert_chain(*certificate)
        return context
