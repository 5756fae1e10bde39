"""Starts a command and stands between it and this program's standard input and output, keeping a copy of every line.

    tee.py LOG COMMAND…     LOG gets `> LINE` for what goes in, `< LINE` for what comes out, and `= STATUS` at the end
"""

import subprocess
import sys
import threading


def main(log, *command):
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lock = threading.Lock()

    def keep(line):
        with lock, open(log, "ab") as file:
            file.write(line)

    def copy(mark, source, sink):
        for line in source:
            keep(mark + line)
            try:
                sink.write(line)
                sink.flush()
            except BrokenPipeError:
                return
        sink.close()

    threading.Thread(target=copy, args=[b"> ", sys.stdin.buffer, child.stdin], daemon=True).start()
    copy(b"< ", child.stdout, sys.stdout.buffer)
    keep(f"= {child.wait()}\n".encode())


main(*sys.argv[1:])
