"""Every fetched server boots from a file, answers on a unix socket and stops when told to."""

import socket
import time

from harness.validators import fail, ok

name = "servers"
needs = ()


def run(ctx):
    for series, program in sorted(ctx.servers.items()):
        yield boots(ctx, series, program)


def boots(ctx, series, program):
    path = ctx.scratch / f"{series}.sock"
    conf = ctx.scratch / f"{series}.conf"
    conf.write_text(f'port 0\nunixsocket {path}\nsave ""\ndir {ctx.scratch}\n', encoding="utf-8")
    with ctx.running([program, conf]) as process:
        answer = ask(path, b"PING\r\n")
        if answer != b"+PONG\r\n":
            return fail(series, f"expected PONG, got {answer!r}")
        ask(path, b"SHUTDOWN NOSAVE\r\n")
        code = process.wait(5)
    return ok(series) if code == 0 else fail(series, f"ended with status {code}")


def ask(path, command, patience=5.0):
    """Send one command, waiting for the server to be there first."""
    until = time.monotonic() + patience
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(patience)
                client.connect(str(path))
                client.sendall(command)
                return client.recv(1024)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
