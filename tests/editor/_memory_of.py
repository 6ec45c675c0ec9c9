"""Prints how many bytes of memory a process has, and had at most, and how many descriptors (Linux)."""

import os
import sys

status = dict(line.split(":", 1) for line in open(f"/proc/{sys.argv[1]}/status"))
print(*(int(status[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM")), len(os.listdir(f"/proc/{sys.argv[1]}/fd")))
