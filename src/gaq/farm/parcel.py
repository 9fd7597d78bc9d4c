"""Jobs and results of worker processes, as bytes."""

from __future__ import annotations

import hashlib
import pickle
import traceback
from dataclasses import dataclass
from typing import Any

import gaq.errors
from gaq.errors import GaqError


@dataclass(frozen=True)
class Shared:
    """Data shared by all jobs of a run, pickled, and the key they are stored under."""

    key: str
    content: bytes

    @staticmethod
    def of(value: object) -> Shared:
        """Pack a value."""
        content = pickle.dumps(value)
        return Shared(hashlib.sha256(content).hexdigest(), content)


@dataclass(frozen=True)
class ParcelDone:
    """A finished job and its result."""

    result: Any


@dataclass(frozen=True)
class ParcelFailed:
    """A job that raised: the class of a `GaqError`, or the traceback of a bug."""

    error: str
    text: str

    def exception(self) -> Exception:
        """Return the exception to raise in the calling process."""
        kind = getattr(gaq.errors, self.error, None) if self.error else None
        if isinstance(kind, type) and issubclass(kind, GaqError):
            return kind(self.text)
        return RuntimeError(f"a job failed in its process:\n{self.text}")


def packed(work: Any, job: Any) -> bytes:
    """Return a job for a process."""
    return pickle.dumps((work, job))


def carried_out(held: dict[str, Any], key: str, content: bytes | None, parcel: bytes) -> ParcelDone | ParcelFailed:
    """Run a job and return its outcome. `content` is unpacked into `held` under `key`, unless it is there already."""
    try:
        if content is not None:
            held[key] = pickle.loads(content)
        work, job = pickle.loads(parcel)
        return ParcelDone(work(held[key], job))
    except GaqError as error:
        kind = next(k for k in type(error).__mro__ if getattr(gaq.errors, k.__name__, None) is k)
        return ParcelFailed(kind.__name__, str(error))
    except Exception:
        return ParcelFailed("", traceback.format_exc())
