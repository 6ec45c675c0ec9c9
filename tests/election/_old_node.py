"""A node as it was before there were terms, votes and heartbeats: what spec section 3 says of old nodes, with their habits.

    python3 _old_node.py ID ID=HOST:PORT,... DIR LOG [--short] [--wait SECONDS]

It waits 1 to 3 s (or as long as --wait says), then dials those that have not dialled it, again and again until they are
reached. It reads the first message of each connection that it accepts, and no more. It never closes a connection on which it
was asked for its list: the accept loop holds it until the next one comes. With an empty folder it answers nothing. When all
are known the lowest ID leads, and reads 1024 bytes of everybody's list. With --short it is of another kind, which closes
every connection as soon as the exchange on it is over.
"""
import os
import random
import socket
import sys
import threading
import time

own = int(sys.argv[1])
nodes = {}
for part in sys.argv[2].split(","):
    node, address = part.split("=")
    host, port = address.rsplit(":", 1)
    nodes[int(node)] = (host, int(port))
folder, log = sys.argv[3], sys.argv[4]
short = "--short" in sys.argv
wait = float(sys.argv[sys.argv.index("--wait") + 1]) if "--wait" in sys.argv else random.uniform(1, 3)
connections = {}
lock = threading.Lock()
complete = threading.Event()


def say(text):
    print(text, flush=True)


def keep(node, connection):
    with lock:
        connections[node] = connection
        if len(connections) == len(nodes) - 1:
            complete.set()
    if short:
        connection.close()


def names():
    return sorted(os.listdir(folder))


def handle(connection):
    message = connection.recv(1024)
    if message == b"SEND":
        say("asked for files")
        answer = "\n".join(names()).encode()
        if answer:
            connection.sendall(answer)
        if short:
            connection.close()
        return
    text = message.decode()
    if not text.startswith("ID:"):
        say("strange message %r" % text)
        return
    node = int(text[3:])
    say("Node %d connected with Node %d." % (own, node))
    keep(node, connection)


def serve(listener):
    while True:
        connection, addr = listener.accept()
        threading.Thread(target=handle, args=(connection,), daemon=True).start()


def dial(node):
    while node not in connections:
        connection = socket.socket()
        try:
            connection.connect(nodes[node])
            connection.sendall(b"ID:%d" % own)
            say("Node %d connected to Node %d." % (own, node))
            keep(node, connection)
        except OSError:
            time.sleep(random.uniform(0.5, 2))


def receive_files(node):
    for _ in range(3):
        connection = socket.create_connection(nodes[node])
        connection.settimeout(1)
        try:
            connection.sendall(b"SEND")
            data = connection.recv(1024)
            say("Files received from Node %d." % node)
            return data.decode().splitlines()
        except OSError:
            pass
        finally:
            connection.close()
    say("Error receiving files from Node %d: it did not answer" % node)
    return []


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(nodes[own])
listener.listen()
say("Node %d is listening on %s:%d" % ((own,) + nodes[own]))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
time.sleep(wait)
for node in nodes:
    if node != own:
        threading.Thread(target=dial, args=(node,), daemon=True).start()
complete.wait()
leader = min(nodes)
say("Leader elected: Node %d" % leader)
if leader == own:
    say("Leader Node %d remains connected to all peers." % own)
    sections = ["Leader Node %d files:\n%s" % (own, "".join(name + "\n" for name in names()))]
    for node in sorted(nodes):
        if node != own:
            sections.append("Node %d files:\n%s" % (node, "".join(name + "\n" for name in receive_files(node))))
    with open(log, "w") as file:
        file.write("\n".join(sections))
    say("log written")
else:
    with lock:
        for node, connection in connections.items():
            if node != leader:
                connection.close()
                say("Node %d disconnected from Node %d." % (own, node))
threading.Event().wait()
