"""Outcomes to one trial's own primary analysis: the mixed model for repeated measures.

Takes `outcomes` of patients; gives LS means, contrasts and tests, and on to `effects` for pooling.
Read: `analysis` (the verb), `patients`, `table` and `moments` (patients to sums), `covariances`, `likelihood`, `fit`,
`inference` (Satterthwaite, Kenward–Roger), `means`, `contrasts`, `result`.
"""

from .analysis import fit_mmrm
from .result import MMRM

__all__ = [
    "MMRM",
    "fit_mmrm",
]
