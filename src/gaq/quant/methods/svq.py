"""SVQ: the directions of vectors are coded by a codebook that spherical k-means learns."""

from __future__ import annotations

from gaq.quant.direction_spec import KMeans
from gaq.quant.observe import AbsMax
from gaq.quant.recipe import Recipe
from gaq.quant.rules import QUERY_KEY_BITS, features, queries, recipe_of, weights
from gaq.quant.spec import Polar, Uniform


def svq_kmeans() -> Recipe:
    """Eight bits; vector directions from hard spherical k-means, with zero gradient (SVQ).

    Source: the baseline SVQ-KMeans of arXiv 2603.05343, table II. Only the magnitude of a vector is still
    differentiable: forces lose what the direction contributes, and training cannot repair it.
    """
    return _svq("svq-kmeans", Polar(8, KMeans(8), gradient="hard"))


def svq_kmeans_ste() -> Recipe:
    """As svq-kmeans with straight-through gradients, a codebook that follows the vectors, and commitment.

    Source: van den Oord et al., Neural Discrete Representation Learning, NeurIPS 2017: decay 0.99, commitment 0.25,
    which here is 0.25 % of it, for the loss is in eV.
    """
    return _svq("svq-kmeans-ste", Polar(8, KMeans(8, decay=0.99), gradient="plain", commitment=0.0025))


def _svq(name: str, vectors: Polar) -> Recipe:
    return recipe_of(
        name,
        "directions from a learned codebook",
        weights(Uniform(8, per="channel"), Uniform(8, per="channel")),
        features(Uniform(8), AbsMax(), vectors, AbsMax()),
        queries(QUERY_KEY_BITS),
    )
