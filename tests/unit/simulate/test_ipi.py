"""The client answers i-PI's messages, and says in a sentence what went wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from ase.calculators.socketio import IPIProtocol

from gaq.errors import BadStructure, NotAvailable, UsageError
from gaq.simulate.ipi import connect, main, serve
from gaq.simulate.ipi_pes import Driver
from gaq.units import BOHR
from unit.simulate.hosted import ETHANOL, by_ase, differ, ethanol_at_rest, lower_box, tiny_engine

MISSING = "no-such-i-pi-of-the-tests"


class Server:
    """i-PI's end of the wire; the client's end runs in a thread."""

    def __init__(self, driver: Driver) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(20)
        theirs.settimeout(20)
        self.socket, self.wire = ours, IPIProtocol(ours)
        self.done, self.error = -1, None
        self.thread = threading.Thread(target=self._serve, args=(driver, theirs), daemon=True)
        self.thread.start()

    def _serve(self, driver: Driver, theirs: socket.socket) -> None:
        try:
            with theirs:
                self.done = serve(driver, theirs)
        except Exception as error:
            self.error = error

    def finish(self) -> int:
        """Waits for the client; how many systems it computed, or what it raised."""
        self.socket.close()
        self.thread.join(20)
        assert not self.thread.is_alive()
        if self.error is not None:
            raise self.error
        return self.done

    def begin(self, text: bytes = b" ") -> None:
        assert self.wire.status() == "NEEDINIT"
        self.wire.sendmsg("INIT")
        self.wire.send([0, len(text)], np.int32)
        self.socket.sendall(text)
        assert self.wire.status() == "READY"


@pytest.fixture
def serving() -> Iterator[Callable[[Driver], Server]]:
    made: list[Server] = []

    def begin(driver: Driver) -> Server:
        made.append(Server(driver))
        return made[-1]

    yield begin
    for server in made:
        server.socket.close()
        server.thread.join(20)


def test_a_box_is_answered_with_energy_forces_and_virial(serving):
    structure, engine = lower_box(), tiny_engine()
    server = serving(Driver(structure, engine))
    server.begin()
    for scale in (1.0, 1.02):
        server.wire.sendposdata(scale * structure.cell, np.eye(3), scale * structure.positions)
        assert server.wire.status() == "HAVEDATA"
        energy, forces, virial, _ = server.wire.sendrecv_force()
        expected = by_ase(engine, structure)
        expected.set_cell(scale * structure.cell, scale_atoms=True)
        # ASE's atomic units are those of CODATA 2014, ours those of 2018: 8e-9 between them.
        assert energy == pytest.approx(expected.get_potential_energy(), rel=1e-7)
        assert differ(forces, expected.get_forces()) < 2e-6
        assert differ(-virial / expected.cell.volume, expected.get_stress(voigt=False)) < 1e-5
    server.wire.end()
    assert server.finish() == 2


def test_several_systems_in_one_message(serving):
    structure, engine = ethanol_at_rest(), ETHANOL
    driver = Driver(structure, engine)
    server = serving(driver)
    server.begin(b"a:1, batch_size:3")
    cells, positions = np.stack([np.eye(3)] * 6), structure.positions / BOHR + 0.01 * np.arange(3)[:, None, None]
    positions[:, 0] += 0.05 * np.arange(3)[:, None]
    server.wire.sendmsg("POSDATA")
    server.wire.send(len(structure), np.int32)
    server.wire.send(cells, np.float64)
    server.wire.send(positions, np.float64)
    assert server.wire.status() == "HAVEDATA"
    server.wire.sendmsg("GETFORCE")
    assert server.wire.recvmsg() == "FORCEREADY"
    energies, atoms = server.wire.recv(3, np.float64), server.wire.recv(1, np.int32)
    forces, virials = server.wire.recv((3, 9, 3), np.float64), server.wire.recv((3, 3, 3), np.float64)
    assert (server.wire.recv(3, np.int32) == 0).all()
    expected = driver(list(cells[:3]), list(positions))
    assert atoms == len(structure)
    assert energies.tolist() == [answer[0] for answer in expected]
    assert (forces == np.array([answer[1] for answer in expected])).all()
    assert (virials == np.array([answer[2] for answer in expected])).all()
    assert len(set(energies)) == 3
    assert server.finish() == 3


def test_i_pi_that_goes_at_rest_is_an_end(serving):
    server = serving(Driver(ethanol_at_rest(), ETHANOL))
    server.begin()
    assert server.finish() == 0


def test_i_pi_that_goes_in_the_middle_of_a_message(serving):
    server = serving(Driver(ethanol_at_rest(), ETHANOL))
    server.begin()
    server.wire.sendmsg("POSDATA")
    server.wire.send(np.eye(3), np.float64)
    with pytest.raises(NotAvailable, match="in the middle of POSDATA"):
        server.finish()


def test_other_atoms_than_those_of_the_template(serving):
    server = serving(Driver(ethanol_at_rest(), ETHANOL))
    server.begin()
    server.wire.sendposdata(np.eye(3), np.eye(3), np.zeros((1, 3)))
    server.thread.join(20)
    with pytest.raises(BadStructure, match="i-PI has 1 atoms and the template 9"):
        server.finish()


def test_positions_that_are_not_finite(serving):
    server = serving(Driver(ethanol_at_rest(), ETHANOL))
    server.begin()
    server.wire.sendposdata(np.eye(3), np.eye(3), np.full((9, 3), np.nan))
    server.thread.join(20)
    with pytest.raises(BadStructure, match="not finite"):
        server.finish()


def test_a_message_of_another_protocol(serving):
    server = serving(Driver(ethanol_at_rest(), ETHANOL))
    server.wire.sendmsg("HELLO")
    server.thread.join(20)
    with pytest.raises(UsageError, match="'HELLO'"):
        server.finish()


def test_nobody_listens(tmp_path):
    with pytest.raises(NotAvailable, match="no i-PI listens.*ffsocket"):
        connect(str(tmp_path / "socket"), patience=0.2)
    with pytest.raises(NotAvailable, match="port 1 "):
        connect(("localhost", 1), patience=0.0)


def test_the_command_leaves_with_a_sentence(tmp_path, capsys):
    (tmp_path / "a.xyz").write_text("2\n\nAr 0 0 0\nH 0 0 2\n")
    assert main([str(ETHANOL), str(tmp_path / "a.xyz"), "--unix", MISSING]) == 2
    assert capsys.readouterr().err.startswith("UnsupportedElement: rmd17-ethanol-mixed-w4a16.gaq knows H, C, O.")
    assert main([str(tmp_path / "none.gaq"), str(tmp_path / "a.xyz")]) == 2
    assert capsys.readouterr().err.startswith("BadFile: ")


def test_the_command_without_i_pi(tmp_path, capsys):
    (tmp_path / "a.xyz").write_text("2\n\nO 0 0 0\nH 0 0 1\n")
    prefix = str(tmp_path / "s_")
    assert main([str(ETHANOL), str(tmp_path / "a.xyz"), "--unix", MISSING, "--prefix", prefix, "--wait", "0"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("NotAvailable: no i-PI listens at ")
    assert f"s_{MISSING}" in said
