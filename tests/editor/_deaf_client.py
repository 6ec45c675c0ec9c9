"""A client of the editor that never reads, and for which its system keeps as little as can be. Leaves when its input ends."""

import socket
import sys

server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
server.connect(("127.0.0.1", int(sys.argv[1])))
print("Connected as %s:%d" % server.getsockname(), flush=True)
sys.stdin.read()
