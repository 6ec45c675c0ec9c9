"""A client on another host: says what it is told on stdin, shows what it hears.

    _cut_off_client.py line|web HOST PORT

`web` opens a WebSocket at /chat; each line is a message then.
"""
import socket, sys, threading

kind, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = socket.create_connection((host, port), timeout=30)
client.settimeout(None)
if kind == "web":
    client.sendall(
        (
            f"GET /chat HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
    )
    # Messages may follow the answer, and no sooner (RFC 6455, 4.1).
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += client.recv(1)
    assert answer.startswith(b"HTTP/1.1 101 "), answer


def hear():
    while True:
        try:
            data = client.recv(65536)
        except OSError:
            data = b""
        if not data:
            break
        # Frames of a WebSocket come with heads that are no text.
        print(data.decode("utf-8", "replace").rstrip("\n") + "\n", end="", flush=True)
    print("over\n", end="", flush=True)


print("connected", flush=True)
threading.Thread(target=hear, daemon=True).start()
for line in sys.stdin:
    text = line.rstrip("\n").encode()
    if kind == "web":
        assert len(text) < 126
        client.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
    else:
        client.sendall(text + b"\n")
