"""Runs a command in a network with loopback only; fails if it reaches more.

unshare --net python tests/loopback.py COMMAND ...
"""

import errno
import fcntl
import os
import socket
import struct
import subprocess
import sys

NOBODY = ("192.0.2.1", 80)  # RFC 5737: in documents only
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
UNSHARE = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net"]


def without_network() -> list[str]:
    """Return a command that runs the rest with loopback only; nothing where that is forbidden."""
    done = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False)
    return [] if done.returncode else [*UNSHARE, sys.executable, __file__]


def main(command: list[str]) -> None:
    """Switch loopback on, try to reach somebody, then become the command."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    with socket.socket() as there:
        if there.connect_ex(NOBODY) != errno.ENETUNREACH:
            sys.exit("this is no network of its own")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
