"""Prints how many bytes of memory a process has, and had at most (Linux)."""

import sys

status = dict(line.split(":", 1) for line in open(f"/proc/{sys.argv[1]}/status"))
print(*(int(status[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM")))
