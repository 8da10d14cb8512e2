"""Attacks over the network, and over local sockets.

- ``ATTACKS``   the list
"""

from xailab_autograder.sandbox.attacks.attack import NETWORK_WALLS, SECCOMP, Attack

ATTACKS = (
    Attack(
        "connect-by-tcp",
        "connect to a port that the grader's machine listens on",
        """
def answer(x):
    return attempt("connect", lambda: socket.create_connection(("127.0.0.1", TCP_PORT), 1).send(b"leak"))
""",
        NETWORK_WALLS,
    ),
    Attack(
        "send-by-udp",
        "send a datagram, as a name look-up would",
        """
def answer(x):
    def send():
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"leak", ("127.0.0.1", UDP_PORT))
    return attempt("send", send)
""",
        NETWORK_WALLS,
    ),
    Attack(
        "look-up-a-name",
        "ask for the address of a name",
        'def answer(x):\n    return attempt("look up", lambda: socket.getaddrinfo("localhost.invalid", 80))',
        NETWORK_WALLS,
    ),
    Attack(
        "local-sockets",
        "connect to a named and to an abstract local socket",
        """
def answer(x):
    def connect(address):
        client = socket.socket(socket.AF_UNIX)
        client.connect(address)
        return client.send(b"leak")
    return [attempt("connect", lambda: connect(address)) for address in (UNIX_SOCKET, ABSTRACT_SOCKET)]
""",
        frozenset({*SECCOMP}),
    ),
    Attack(
        "other-sockets",
        "make sockets of every family: IPv6, netlink, raw, packet, vsock, kernel crypto",
        """
def answer(x):
    kinds = [(socket.AF_INET6, socket.SOCK_STREAM), (16, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW),
             (17, socket.SOCK_RAW), (40, socket.SOCK_STREAM), (38, socket.SOCK_SEQPACKET), (31, socket.SOCK_RAW)]
    return [attempt(f"family {family}", lambda: socket.socket(family, kind)) for family, kind in kinds]
""",
        SECCOMP,
    ),
    Attack(
        "listen",
        "open a port for others to connect to",
        'def answer(x):\n    return attempt("listen", lambda: socket.create_server(("127.0.0.1", 0)).getsockname())',
        SECCOMP,
    ),
    Attack(
        "pass-a-descriptor",
        "send an open file through the connection to the grader",
        """
def answer(x):
    connection = socket.socket(fileno=os.dup(the_socket()))
    return attempt("send", lambda: socket.send_fds(connection, [b"x"], [0]))
""",
        SECCOMP,
    ),
)
"""Attacks over the network."""
