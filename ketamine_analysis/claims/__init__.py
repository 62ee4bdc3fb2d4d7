"""Effects and adverse events to verdicts on what people say.

Takes `arms` and adverse events; gives each claim's quantity, threshold and computed verdict.
Read: `looks` (which results enter), `quantities` and `harms` (what is estimated, rows by `found`), then `verdicts`.
"""

from .looks import one_look
from .verdicts import CLAIMS, claim_parts, claim_verdict, claim_verdicts, judge_claims, rejudge_claims

__all__ = [
    "CLAIMS",
    "claim_parts",
    "claim_verdict",
    "claim_verdicts",
    "judge_claims",
    "one_look",
    "rejudge_claims",
]
