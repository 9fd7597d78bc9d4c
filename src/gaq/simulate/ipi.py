"""A model as a client of i-PI, which moves the atoms and requests forces over a socket:

    python -m gaq.simulate.ipi MODEL STRUCTURE --unix NAME
    python -m gaq.simulate.ipi MODEL STRUCTURE --host HOST --port N

The protocol is that of i-PI as ASE implements it (Ceriotti et al., Comput. Phys. Commun. 185, 1019 (2014)).
Unlike i-PI's own Python driver, this client notices when i-PI ends.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gaq.errors import BadFile, BadStructure, GaqError, NotAvailable, UsageError
from gaq.simulate.ipi_pes import Answer, Driver

PORT = 31415  # i-PI's default
BATCH = "batch_size:"  # in i-PI's first message: several systems at once


def serve(driver: Driver, connection: socket.socket) -> int:
    """Answer i-PI until it ends; return the number of computed systems.

    Raises `BadStructure` for atoms that are not those of the template or cannot be evaluated,
    `NotAvailable` if i-PI ends in the middle of a message.
    """
    from ase.calculators.socketio import IPIProtocol, SocketClosed

    wire, batch, done = IPIProtocol(connection), 0, 0
    answers: list[Answer] = []
    while True:
        try:
            message = wire.recvmsg()
        except (SocketClosed, ConnectionError):
            return done
        if message == "EXIT":
            return done
        try:
            if message == "STATUS":
                wire.sendmsg("HAVEDATA" if answers else "READY" if batch else "NEEDINIT")
            elif message == "INIT":
                batch = _batch_of(wire)
            elif message == "POSDATA":
                answers = driver.answers(*_systems(wire, max(batch, 1)))
                done += len(answers)
            elif message == "GETFORCE":
                _send(wire, answers)
                answers = []
            else:
                raise UsageError(f"i-PI said {message!r}; expected STATUS, INIT, POSDATA, GETFORCE or EXIT")
        except (SocketClosed, ConnectionError) as error:
            raise NotAvailable(f"i-PI ended in the middle of {message}, after {done} systems") from error


def connect(where: str | tuple[str, int], patience: float = 60.0) -> socket.socket:
    """Connect to i-PI at the path of a socket or at a host and port; try for `patience` seconds.

    Raises `NotAvailable` if nothing listens by then.
    """
    family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
    until = time.monotonic() + patience
    while True:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.connect(where)
        except OSError as error:
            connection.close()
            if time.monotonic() >= until:
                place = where if isinstance(where, str) else f"{where[0]}, port {where[1]}"
                raise NotAvailable(
                    f"no i-PI listens at {place} ({error}). Start it by `i-pi input.xml`, and give the address that "
                    f"is in <ffsocket> of its input"
                ) from error
            time.sleep(0.1)
            continue
        if family == socket.AF_INET:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def say_now(sentence: str) -> None:
    """Print and flush a sentence: scripts that start i-PI wait for it."""
    print(sentence, flush=True)


def main(arguments: Sequence[str] | None = None, say: Callable[[str], None] = say_now) -> int:
    """Run the command and return its exit status: 0 done, 1 diverged, 2 wrong usage or bad input."""
    asked = _parser().parse_args(arguments)
    try:
        driver = Driver(asked.structure, asked.model, asked.threads)
        with connect(_where(asked), asked.wait) as connection:
            say(f"{driver.engine.model}: connected to i-PI")
            say(f"{driver.engine.model}: i-PI has finished; {serve(driver, connection)} systems computed")
    except GaqError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"{BadFile.__name__}: {error}", file=sys.stderr)
        return BadFile.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _where(asked: argparse.Namespace) -> str | tuple[str, int]:
    if asked.unix is None:
        return asked.host, asked.port
    from ase.calculators.socketio import actualunixsocketname

    return str(actualunixsocketname(asked.unix)) if asked.prefix is None else asked.prefix + asked.unix


def _batch_of(wire: Any) -> int:
    """Return how many systems i-PI sends at once, from its first message."""
    _, text = wire.recv(1, np.int32), wire.recv(wire.recv(1, np.int32)[0], np.byte)
    tokens = (token.strip() for token in text.tobytes().decode("utf-8", "replace").split(","))
    sizes = [token.removeprefix(BATCH).strip() for token in tokens if token.startswith(BATCH)]
    return int(sizes[0]) if sizes else 1


def _systems(wire: Any, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Receive cells [system, 3, 3] and positions [system, atom, 3] in Bohr. Raises `BadStructure` if not finite."""
    try:
        if batch == 1:
            cells = wire.recv((1, 2, 3, 3), np.float64)  # each followed by its inverse
            atoms = wire.recv(1, np.int32)[0]
        else:
            atoms = wire.recv(1, np.int32)[0]
            cells = wire.recv((batch, 2, 3, 3), np.float64)
        return cells[:, 0], wire.recv((batch, int(atoms), 3), np.float64)
    except AssertionError as error:
        raise BadStructure(
            "i-PI has sent a cell or positions that are not finite: its dynamics is unstable. Use a smaller "
            "time step or a lower temperature"
        ) from error


def _send(wire: Any, answers: list[Answer]) -> None:
    """Send energies, the number of atoms, forces, virials and empty texts, in this order for any number of systems."""
    energies, forces, virials, texts = zip(*answers, strict=True)
    wire.sendmsg("FORCEREADY")
    wire.send(energies, np.float64)
    wire.send(len(forces[0]), np.int32)
    wire.send(forces, np.float64)
    wire.send(virials, np.float64)
    wire.send([len(text) for text in texts], np.int32)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gaq.simulate.ipi", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="a packed model, .gaq")
    parser.add_argument("structure", metavar="STRUCTURE", help="the file that i-PI starts from")
    parser.add_argument("--unix", metavar="NAME", help="address of a socket in the file system, as in i-PI's input")
    parser.add_argument("--prefix", metavar="TEXT", help="i-PI's --sockets_prefix, if set")
    parser.add_argument("--host", default="localhost", help="where i-PI runs (default: %(default)s)")
    parser.add_argument("--port", type=int, default=PORT, help="its port (default: %(default)s)")
    parser.add_argument("--threads", type=int, help="threads of the engine (default: 1)")
    parser.add_argument("--wait", type=float, default=60.0, metavar="SECONDS", help="seconds to try (default: 60)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
