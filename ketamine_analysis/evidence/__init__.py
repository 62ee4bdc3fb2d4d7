"""The published results that the project ships, as the library's tables.

Takes nothing; gives `arms`, adverse events, contrasts as printed and trials, each row with its source.
Read: `shipped`, then `known_studies` (which studies of a dataset are here already).
"""

from .known_studies import known_studies
from .shipped import default_pool, load_evidence, published_contrasts

__all__ = [
    "default_pool",
    "known_studies",
    "load_evidence",
    "published_contrasts",
]
