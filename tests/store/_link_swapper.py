"""Swaps what a name stands for, as fast as it can: LINK_SWAPPER.py NAME OTHER..., until its input ends.

Each OTHER is renamed over NAME in turn, as a new link or a new name of it: `link:TARGET` makes a symbolic
link, `hard:FILE` a hard link, `fifo:` a FIFO.
"""
import os, sys, threading

name, others = sys.argv[1], sys.argv[2:]
waiting = f"{os.path.dirname(name)}/.swap"
is_over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), is_over.set()), daemon=True).start()
print("swapping", flush=True)
swaps = 0
while not is_over.is_set():
    for other in others:
        kind, _, target = other.partition(":")
        if kind == "link":
            os.symlink(target, waiting)
        elif kind == "hard":
            os.link(target, waiting)
        else:
            os.mkfifo(waiting)
        os.replace(waiting, name)
        swaps += 1
print(f"swapped {swaps}", flush=True)
