"""Fan-out with a thread a client, as Python's users write it with socketserver: a line goes to all others.

Called with `chat`, behind its writer's name, as a chat has it; without, as it is, as an editor has it. Prints
its port, and for each line of its input the seconds of processor time and how many clients there are.
"""
import os, resource, socket, socketserver, sys, threading

is_chat = sys.argv[1:] == ["chat"]
clients = set()
# One line at a time goes out: two that are sent to a client at once would mix.
sending = threading.Lock()


class Client(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        with sending:
            name = b"n%d: " % len(clients) if is_chat else b""
            clients.add(self.connection)
        try:
            for line in self.rfile:
                line = name + line
                with sending:
                    for other in clients:
                        if other is not self.connection:
                            try:
                                other.sendall(line)
                            except OSError:
                                pass  # Its own thread sees that it has gone.
        except OSError:
            pass
        finally:
            with sending:
                clients.discard(self.connection)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 4096


server = Server(("127.0.0.1", 0), Client)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
for _ in sys.stdin:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(usage.ru_utime + usage.ru_stime, len(clients), flush=True)
os._exit(0)
