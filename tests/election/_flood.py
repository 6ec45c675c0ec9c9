"""A node that floods the others: it is found at its address, and says ever higher terms as fast as they are read.

_flood.py SECONDS ID PORT OTHER_PORT...
Answers greetings, says that its own dials are its own, and prints `flooded BYTES` at the end.
"""
import itertools
import json
import socket
import sys
import threading
import time

seconds, own, port = float(sys.argv[1]), sys.argv[2], int(sys.argv[3])
others = [int(other) for other in sys.argv[4:]]
end = time.monotonic() + seconds
terms = itertools.count(2)
sent = [0]


def flood(connection):
    """Hundreds of lines a write, of all kinds that carry a term."""
    while time.monotonic() < end:
        lines = []
        for term in itertools.islice(terms, 200):
            beat = {"type": "beat", "term": term, "leader": term % 2 * 3, "standing": False, "started": True,
                    "plain": False, "old": [], "sentMs": term}
            vote = {"type": "vote", "term": term, "granted": False}
            ask = {"type": "vote-request", "term": term, "replaces": 1}
            lines += [json.dumps(message) for message in (vote, beat, ask)]
        data = ("\n".join(lines) + "\n").encode()
        connection.sendall(data)
        sent[0] += len(data)


def answer_claims(connection):
    for line in connection.makefile():
        said = json.loads(line)
        if said.get("type") == "claim":
            reply = {"type": "claimed", "nonce": said["nonce"], "yours": True}
            connection.sendall((json.dumps(reply) + "\n").encode())


def quietly(function, *arguments):
    def run():
        try:
            function(*arguments)
        except (OSError, ValueError):
            pass
    threading.Thread(target=run, daemon=True).start()


def serve(connection):
    first = connection.recv(64)
    if first.startswith(b"ID:"):
        connection.sendall(f"HELLO {own} {'0123456789abcdef' * 2}\n".encode())
        quietly(answer_claims, connection)
        flood(connection)
    connection.close()


def dial(other):
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", other)) as connection:
                connection.sendall(f"ID:{own} \t\n".encode())
                connection.recv(2048)
                flood(connection)
        except OSError:
            time.sleep(0.05)


def accept(listener):
    while True:
        connection, _ = listener.accept()
        quietly(serve, connection)


listener = socket.create_server(("127.0.0.1", port))
print("listening", flush=True)
quietly(accept, listener)
for other in others:
    quietly(dial, other)
time.sleep(seconds)
print("flooded", sent[0], flush=True)
