"""A UDP echo server, as Python's users write it with a socket."""
import os, resource, socket, sys, threading

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))


def serve():
    while True:
        data, client = server.recvfrom(65536)
        server.sendto(data, client)


threading.Thread(target=serve, daemon=True).start()
print(server.getsockname()[1], flush=True)
for _ in sys.stdin:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(usage.ru_utime + usage.ru_stime, flush=True)
os._exit(0)
