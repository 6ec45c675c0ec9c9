"""A fresh IRC server for each test of irctest: FRESH_SERVER is its command line, with {port} for the port."""
import os, shlex, signal, socket, subprocess, time
import pytest

LIMIT_S = int(os.environ.get("FRESH_TEST_LIMIT_S", "20"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_open(port, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                # Until the server has closed it: an unknown connection would falsify LUSERS.
                probe.sendall(b"QUIT\r\n")
                while probe.recv(4096):
                    pass
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the server does not listen")


def expire(_signal, _frame):
    raise TimeoutError(f"the test took more than {LIMIT_S} s")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    port = free_port()
    command = [word.format(port=port) for word in shlex.split(os.environ["FRESH_SERVER"])]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_open(port, process)
        os.environ["IRCTEST_SERVER_HOSTNAME"] = "127.0.0.1"
        os.environ["IRCTEST_SERVER_PORT"] = str(port)
        signal.signal(signal.SIGALRM, expire)
        signal.alarm(LIMIT_S)
        return (yield)
    finally:
        signal.alarm(0)
        process.kill()
        process.wait()
