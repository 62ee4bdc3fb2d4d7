"""The published results that the project ships, as the library's tables, and the way in for more.

Takes a study's form (TOML) for `add_study`, else nothing; gives `arms`, adverse events, contrasts as printed, trials,
what they print of their risk of bias and the words that rows were read from, each row with its source and version.
Read: `codebook` (tables, columns, versions), `shipped`, then `known_studies` (which studies of a dataset are here
already) and `risk_of_bias`; for a new study `study_form`, `row_checks`, `additions`.
"""

from .additions import Addition, add_study
from .codebook import evidence_history
from .known_studies import known_studies
from .risk_of_bias import with_risk_of_bias
from .shipped import default_pool, load_evidence, published_contrasts

__all__ = [
    "Addition",
    "add_study",
    "default_pool",
    "evidence_history",
    "known_studies",
    "load_evidence",
    "published_contrasts",
    "with_risk_of_bias",
]
