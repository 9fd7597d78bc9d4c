"""Settings of the process are made only where they are asked for."""

from __future__ import annotations

import ctypes

import torch

from gaq.train.memory import keep_freed_memory, use_threads


def test_threads_are_left_alone_unless_named():
    before = torch.get_num_threads()
    use_threads(None)
    assert torch.get_num_threads() == before
    use_threads(before + 1)
    assert torch.get_num_threads() == before + 1
    use_threads(before)
    assert torch.get_num_threads() == before


def test_without_glibc_it_says_so(monkeypatch):
    class Bare:
        pass

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Bare())
    assert keep_freed_memory() is False


def test_glibc_listens(monkeypatch):
    asked = []

    class Glibc:
        @staticmethod
        def mallopt(option, value):
            asked.append(option)
            return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Glibc())
    assert keep_freed_memory() is True
    assert sorted(asked) == [-3, -2, -1]
