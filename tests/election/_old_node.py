"""A node as it was before there were terms, votes and heartbeats: what the wire of spec section 3 says of old nodes.

    python3 _old_node.py ID ID=HOST:PORT,... DIR LOG [--short]

Dials every other node once; reads the first message of each connection that it accepts, and no more. When all
are known the lowest ID leads, and asks everybody for their files. With --short it closes every connection as soon as
the exchange on it is over, but as a leader.
"""
import os
import socket
import sys
import threading

own = int(sys.argv[1])
nodes = {}
for part in sys.argv[2].split(","):
    node, address = part.split("=")
    host, port = address.rsplit(":", 1)
    nodes[int(node)] = (host, int(port))
folder, log = sys.argv[3], sys.argv[4]
short = "--short" in sys.argv
known = {own}
connections = {}
lock = threading.Lock()
complete = threading.Event()


def say(text):
    print(text, flush=True)


def keep(node, connection):
    with lock:
        if short:
            connection.close()
        else:
            connections.setdefault(node, []).append(connection)
        known.add(node)
        if known == set(nodes):
            complete.set()


def names():
    return sorted(os.listdir(folder))


def serve(connection):
    message = connection.recv(1024)
    if message == b"SEND":
        say("asked for files")
        connection.sendall("\n".join(names()).encode())
        connection.close()
        return
    text = message.decode()
    if not text.startswith("ID:"):
        say("strange message %r" % text)
        connection.close()
        return
    node = int(text[3:])
    say("Node %d connected with Node %d." % (own, node))
    keep(node, connection)


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def dial(node):
    connection = socket.socket()
    try:
        connection.connect(nodes[node])
        connection.sendall(b"ID:%d" % own)
    except OSError:
        return
    say("Node %d connected to Node %d." % (own, node))
    keep(node, connection)


def receive_files(node):
    connection = socket.create_connection(nodes[node])
    connection.sendall(b"SEND")
    data = b""
    while True:
        chunk = connection.recv(4096)
        if not chunk:
            break
        data += chunk
    connection.close()
    say("Files received from Node %d." % node)
    return data.decode().splitlines()


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(nodes[own])
listener.listen()
say("Node %d is listening on %s:%d" % ((own,) + nodes[own]))
threading.Thread(target=accept, args=(listener,), daemon=True).start()
for node in nodes:
    if node != own:
        threading.Thread(target=dial, args=(node,), daemon=True).start()
complete.wait()
leader = min(nodes)
say("Leader elected: Node %d" % leader)
if leader == own:
    sections = ["Leader Node %d files:\n%s" % (own, "".join(name + "\n" for name in names()))]
    for node in sorted(nodes):
        if node != own:
            sections.append("Node %d files:\n%s" % (node, "".join(name + "\n" for name in receive_files(node))))
    with open(log, "w") as file:
        file.write("\n".join(sections))
    say("log written")
else:
    with lock:
        for node, held in connections.items():
            if node != leader:
                for connection in held:
                    connection.close()
threading.Event().wait()
