"""Priors on τ, the standard deviation of true effects between trials: which, how wide, and from where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Friede 2017 (Res Synth Methods 8:79) for log odds ratios; standardised differences are log odds ratios times √3/π
# (Chinn 2000, Stat Med 19:3127), and so is their spread. Other measures have no usual unit: the caller says.
DEFAULT_SCALES = {"log_odds_ratio": 0.5, "standardized_mean_difference": 0.5 * 3**0.5 / np.pi}
# location and scale of log τ², degrees of freedom of its t: mental health outcomes, drug against placebo or control.
# Turner 2015 (Stat Med 34:984, table IV) and Rhodes 2015 (J Clin Epidemiol 68:52, table 3).
PUBLISHED = {
    "turner_2015": ("log_odds_ratio", -2.12, 1.53, np.inf),
    "rhodes_2015": ("standardized_mean_difference", -2.99, 2.16, 5.0),
}
PRIORS = ("half_normal", "half_cauchy", "log_normal", *PUBLISHED)


@dataclass(frozen=True)
class SpreadPrior:
    """A prior density of τ: half-normal or half-Cauchy (`scale`), or t on log τ² (`location, scale, df`)."""

    name: str
    scale: float
    location: float = 0.0
    df: float = np.inf

    @property
    def words(self) -> str:
        """The prior as a table names it: "half_normal 0.5"."""
        if self.name in ("half_normal", "half_cauchy"):
            return f"{self.name} {self.scale:.3g}"
        return f"{self.name} (log τ²: {self.location:g}, {self.scale:g})"

    @property
    def centre(self) -> float:
        """The logarithm of a τ around which the prior lies."""
        return float(np.log(self.scale) if self.name in ("half_normal", "half_cauchy") else self.location / 2)

    @property
    def heavy(self) -> bool:
        """Whether large τ are so likely that one or two trials leave no finite posterior variance."""
        return self.name == "half_cauchy" or np.isfinite(self.df)

    def log_density(self, log_tau: np.ndarray) -> np.ndarray:
        """The logarithm of the density of log τ, up to a constant."""
        if self.name == "half_normal":
            return log_tau - np.exp(2 * (log_tau - np.log(self.scale))) / 2
        if self.name == "half_cauchy":
            return log_tau - np.logaddexp(0, 2 * (log_tau - np.log(self.scale)))
        z = (2 * log_tau - self.location) / self.scale
        return -(z**2) / 2 if np.isinf(self.df) else -(self.df + 1) / 2 * np.log1p(z**2 / self.df)


def spread_prior(prior: str, scale: float | tuple[float, float] | None, measure: str | None) -> SpreadPrior:
    """The prior by name, with the default scale of the measure where none is given.

    scale : of τ for half_normal and half_cauchy; (location, scale) of log τ² for log_normal; none for a published one.
    Raises ValueError for an unknown prior, a scale that is not positive or missing, and a published prior of another
    measure than the effects'.

    >>> spread_prior("half_normal", None, "standardized_mean_difference").words
    'half_normal 0.276'
    """
    if prior not in PRIORS:
        raise ValueError(f"prior {prior!r} is unknown: use one of {list(PRIORS)}")
    if prior in PUBLISHED:
        meant, location, spread, df = PUBLISHED[prior]
        if measure != meant or scale is not None:
            raise ValueError(f"prior {prior!r} is published for {meant}, with its own scale; these are {measure}")
        return SpreadPrior(prior, spread, location, df)
    if prior == "log_normal":
        if not isinstance(scale, tuple) or len(scale) != 2 or not scale[1] > 0:
            raise ValueError("prior 'log_normal' needs scale=(location, scale) of log τ², such as (-2.12, 1.53)")
        return SpreadPrior(prior, float(scale[1]), float(scale[0]))
    value = DEFAULT_SCALES.get(str(measure)) if scale is None else scale
    if value is None:
        raise ValueError(f"effects of measure {measure!r} have no usual spread: give scale= in the effects' own unit")
    if isinstance(value, tuple) or not (np.isfinite(value) and value > 0):
        raise ValueError(f"scale {scale!r} must be a positive number, in the effects' own unit")
    return SpreadPrior(prior, float(value))
