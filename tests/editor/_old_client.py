"""A client of the editor as they were before there were lines: one chunk a message, read 1024 bytes at a time."""

import socket
import sys
import threading

server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))


def show():
    while data := server.recv(1024):
        print("Document updated:", data.decode(), flush=True)
    print("Connection closed by the server.", flush=True)


# Before anybody else prints: Python writes a line and its end by themselves.
print("Connected", flush=True)
reader = threading.Thread(target=show)
reader.start()
for line in sys.stdin:
    server.sendall(line.rstrip("\n").encode())
server.shutdown(socket.SHUT_WR)
reader.join()
