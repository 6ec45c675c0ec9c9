"""Mounts a small disk at a folder (root on Linux), says so, and takes it away when its input ends."""

import ctypes
import sys

libc = ctypes.CDLL(None, use_errno=True)
folder, size = sys.argv[1].encode(), sys.argv[2].encode()
if libc.mount(b"troupe-test", folder, b"tmpfs", 0, b"size=" + size) != 0:
    print("Cannot mount", flush=True)
    sys.exit(1)
try:
    print("Mounted", flush=True)
    sys.stdin.read()
finally:
    # Lazily: a server that a failed test has left behind must not keep it there.
    libc.umount2(folder, 2)
