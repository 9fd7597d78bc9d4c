"""So3krates in JAX, default sizes of `mlff`: two layers of 128 features, l = 1…4.

Transcribed from arXiv 2309.15126, since `mlff` is on no package index; random weights, for speed only.
"""

from __future__ import annotations

import os

import serve

os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"

import jax
import jax.numpy as jnp
import numpy as np
from pairs import directed_pairs

LAYERS, FEATURES, HEADS, RADIAL = 2, 128, 4, 16
DEGREES = (1, 2, 3, 4)
REPEATS = np.array([2 * degree + 1 for degree in DEGREES])
ORDERS = int(REPEATS.sum())
SPECIES = 119
silu = jax.nn.silu


class Weights:
    """Draw matrices, always the same ones."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self._drawn: list[jax.Array] = []
        self._next = 0

    def __call__(self, *shape: int) -> jax.Array:
        if self._next == len(self._drawn):
            values = self._rng.standard_normal(shape) / np.sqrt(shape[-2])
            self._drawn.append(jnp.asarray(values, dtype=jnp.float32))
        self._next += 1
        return self._drawn[self._next - 1]

    def from_the_start(self) -> None:
        self._next = 0

    def dense(self, x: jax.Array, outputs: int) -> jax.Array:
        return x @ self(x.shape[-1], outputs) + self(1, outputs)[0]


def build(form: str, numbers: np.ndarray, positions: np.ndarray) -> serve.Evaluate:
    receiver, sender = (jnp.asarray(index) for index in directed_pairs(positions, serve.CUTOFF))
    species, weights = jnp.asarray(numbers), Weights()
    energy_of_all(jnp.asarray(positions, dtype=jnp.float32), species, receiver, sender, weights)  # draws the weights

    @jax.jit
    def both(moved: jax.Array) -> tuple[jax.Array, jax.Array]:
        energy, slope = jax.value_and_grad(energy_of_all)(moved, species, receiver, sender, weights)
        return energy, -slope

    return lambda moved: np.asarray(both(moved.astype(np.float32))[1])


def energy_of_all(
    positions: jax.Array, species: jax.Array, receiver: jax.Array, sender: jax.Array, weights: Weights
) -> jax.Array:
    """Return the energy of positions (Å)."""
    weights.from_the_start()
    vectors = positions[sender] - positions[receiver]
    distance = jnp.linalg.norm(vectors, axis=-1)
    inside = distance < serve.CUTOFF
    ratio = jnp.where(inside, distance / serve.CUTOFF, 0.5)
    cut = jnp.where(inside, jnp.exp(-(ratio**2) / ((1 - ratio) * (1 + ratio))), 0.0)
    radial, angular = bernstein(distance), harmonics(vectors / distance[:, None])
    x = weights(SPECIES, FEATURES)[species]
    ev = jnp.zeros((len(species), ORDERS), dtype=x.dtype)
    for _ in range(LAYERS):
        attended, turned = attention(x, ev, radial, angular, cut, receiver, sender, weights)
        x, ev = residual(x + attended, weights), ev + turned
        mixed = weights.dense(jnp.concatenate([x, lengths(ev)], axis=-1), FEATURES + len(DEGREES))
        x, ev = residual(x + mixed[:, :FEATURES], weights), ev + repeated(mixed[:, FEATURES:]) * ev
    hidden = weights.dense(x, FEATURES)
    return weights.dense(hidden, 1).sum()


def attention(
    x: jax.Array,
    ev: jax.Array,
    radial: jax.Array,
    angular: jax.Array,
    cut: jax.Array,
    receiver: jax.Array,
    sender: jax.Array,
    weights: Weights,
) -> tuple[jax.Array, jax.Array]:
    """Return messages to features and Euclidean variables."""
    difference = lengths(ev[sender] - ev[receiver])
    found = []
    for heads in (HEADS, len(DEGREES)):
        filters = weights.dense(silu(weights.dense(radial, FEATURES)), FEATURES)
        filters += weights.dense(silu(weights.dense(difference, FEATURES // 4)), FEATURES)
        width = FEATURES // heads
        split = x.reshape(-1, heads, width)
        query, key = (silu(jnp.einsum("hij,nhj->nhi", weights(heads, width, width), split)) for _ in range(2))
        weight = (query[receiver] * filters.reshape(-1, heads, width) * key[sender]).sum(-1) / np.sqrt(width)
        found.append(weight * cut[:, None])
    split = x.reshape(-1, HEADS, FEATURES // HEADS)
    values = jnp.einsum("hij,nhj->nhi", weights(HEADS, FEATURES // HEADS, FEATURES // HEADS), split)
    attended = jax.ops.segment_sum(found[0][:, :, None] * values[sender], receiver, num_segments=len(x))
    turned = jax.ops.segment_sum(repeated(found[1]) * angular, receiver, num_segments=len(x))
    return attended.reshape(x.shape), turned


def residual(x: jax.Array, weights: Weights) -> jax.Array:
    return x + weights.dense(silu(weights.dense(silu(x), FEATURES)), FEATURES)


def repeated(x: jax.Array) -> jax.Array:
    return jnp.repeat(x, REPEATS, axis=-1, total_repeat_length=ORDERS)


def lengths(ev: jax.Array) -> jax.Array:
    """Return squared lengths of degrees [.., degree]."""
    parts = jnp.split(ev * ev, np.cumsum(REPEATS)[:-1], axis=-1)
    return jnp.stack([part.sum(-1) for part in parts], axis=-1)


def bernstein(distance: jax.Array) -> jax.Array:
    """Return Bernstein polynomials in exp(-r/2), as in PhysNet."""
    n = RADIAL - 1
    k = np.arange(RADIAL)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    binomial = log_factorial[n] - log_factorial[k] - log_factorial[n - k]
    u = -0.5 * distance[:, None]
    return jnp.exp(binomial + (n - k) * u + k * jnp.log(-jnp.expm1(u)))


def harmonics(unit: jax.Array) -> jax.Array:
    """Return real spherical harmonics [pair, order]."""
    x, y, z = unit[:, 0], unit[:, 1], unit[:, 2]
    xx, yy, zz = x * x, y * y, z * z
    first = [y, z, x]
    second = [x * y, y * z, 3 * zz - 1, x * z, xx - yy]
    third = [
        *(y * (3 * xx - yy), x * y * z, y * (5 * zz - 1), z * (5 * zz - 3)),
        *(x * (5 * zz - 1), z * (xx - yy), x * (xx - 3 * yy)),
    ]
    fourth = [
        *(x * y * (xx - yy), y * z * (3 * xx - yy), x * y * (7 * zz - 1), y * z * (7 * zz - 3)),
        35 * zz * zz - 30 * zz + 3,
        *(x * z * (7 * zz - 3), (xx - yy) * (7 * zz - 1), x * z * (xx - 3 * yy)),
        xx * (xx - 3 * yy) - yy * (3 * xx - yy),
    ]
    return jnp.stack([*first, *second, *third, *fourth], axis=-1)


if __name__ == "__main__":
    serve.main(build, "So3krates (JAX)", ("compiled",))
