"""What trials print of their own risk of bias, as columns beside any table of studies."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from .codebook import evidence_folder, fields_of, resource_of
from .shipped import load_evidence

NOT_STATED = "not stated"


def with_risk_of_bias(table: pd.DataFrame, *, folder: str | Path | None = None) -> pd.DataFrame:
    """`table` with what each study's trial prints of its own risk of bias: a column for each domain.

    table : arms, effects or anything with `study`. Added columns: the words `randomisation, concealment, masking,
    masking_asked, funding` ("not stated" where the sources read print nothing) and the percentages
    `masking_active_right, masking_control_right, missing_active, missing_control` (missing where not printed). No
    judgement is added: Cochrane's "low" or "high" are the reader's. Sources: `load_evidence("risk_of_bias")`.

    >>> with_risk_of_bias(pd.DataFrame({"study": ["blashki1971"]}))["funding"].tolist()
    ['not stated']
    """
    where = evidence_folder(folder)
    domains = fields_of("risk_of_bias", where)["domain"]["levels"]
    words = resource_of("risk_of_bias", where)["words"]
    printed = load_evidence("risk_of_bias", folder=where)
    wide = printed.pivot_table(index="study", columns="domain", values="value", aggfunc="first")
    told = wide.reindex(columns=list(domains)).reindex(table["study"]).set_axis(table.index)
    told = told.assign(**{
        name: told[name].fillna(NOT_STATED) if name in words else pd.to_numeric(told[name]) for name in domains
    })  # fmt: skip
    return table.drop(columns=[name for name in domains if name in table]).join(told)
