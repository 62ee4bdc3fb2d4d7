"""How laws are tried: the same examples every time, on any machine, and no time spent on making a failure prettier."""

from hypothesis import HealthCheck, Phase, settings

law = settings(
    derandomize=True, database=None, deadline=None, max_examples=40, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
law_of_tables = settings(law, max_examples=12)  # a whole trial each time
