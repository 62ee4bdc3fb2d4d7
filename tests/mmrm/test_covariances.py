"""The covariance structures: matrices by hand, derivatives by complex steps, starting values."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ketamine_analysis.mmrm.covariances import STRUCTURES, count_parameters, covariance_derivatives, starting_values

DAYS = np.array([0.2, 1.0, 3.0, 7.0, 28.0])


def test_matrices_worked_by_hand():
    phi = 0.5 / np.sqrt(0.75)  # ρ = 0.5
    two = np.log(2)
    days = np.array([0.0, 1.0, 3.0])
    matrices = {
        "us": ([0, 0, two, 0.5, 0, 1], [[1, 0.5, 0], [0.5, 1.25, 2], [0, 2, 8]]),
        "ar1": ([two, phi], [[4, 2, 1], [2, 4, 2], [1, 2, 4]]),
        "ar1h": ([0, two, 0, phi], [[1, 1, 0.25], [1, 4, 1], [0.25, 1, 1]]),
        "toep": ([0, phi, 0], [[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]]),
        "toeph": ([two, 0, 0, phi, 0], [[4, 1, 0], [1, 1, 0.5], [0, 0.5, 1]]),
        "cs": ([0, 0], [[1, 0.25, 0.25], [0.25, 1, 0.25], [0.25, 0.25, 1]]),  # midway between −1/2 and 1
        "csh": ([two, 0, 0, 0], [[4, 0.5, 0.5], [0.5, 1, 0.25], [0.5, 0.25, 1]]),
        "adh": ([0, 0, 0, phi, phi], [[1, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 1]]),
        "sp_exp": ([two, 0], [[4, 2, 0.5], [2, 4, 1], [0.5, 1, 4]]),  # 0.5 a day
    }
    assert set(matrices) == set(STRUCTURES)
    for name, (theta, matrix) in matrices.items():
        assert_allclose(covariance_derivatives(name, np.array(theta, float), days)[0], matrix, atol=1e-14)


@pytest.mark.parametrize("name", STRUCTURES)
def test_derivatives_equal_complex_steps(name):
    theta = np.random.default_rng(4).normal(0, 0.4, count_parameters(name, DAYS.size))
    _, first, second = covariance_derivatives(name, theta, DAYS)
    assert len(first) == len(theta)
    for k in range(len(theta)):
        there = theta.astype(complex)
        there[k] += 1e-30j
        sigma, slope, _ = covariance_derivatives(name, there, DAYS)
        assert_allclose(first[k], sigma.imag / 1e-30, atol=1e-14)
        assert_allclose(second[k], slope.imag / 1e-30, atol=1e-13)


@pytest.mark.parametrize("name", [name for name in STRUCTURES if name not in ("toep", "sp_exp")])
def test_starting_values_give_back_a_matrix_of_the_structure(name):
    theta = np.random.default_rng(5).normal(0, 0.2, count_parameters(name, DAYS.size))
    sigma = covariance_derivatives(name, theta, DAYS)[0]
    assert np.linalg.eigvalsh(sigma)[0] > 0
    assert_allclose(starting_values(name, sigma, DAYS), theta, atol=1e-12)


@pytest.mark.parametrize("name", STRUCTURES)
def test_starting_values_are_always_a_covariance(name):
    rng = np.random.default_rng(6)
    for _ in range(20):
        root = rng.normal(size=(5, 5)) * rng.uniform(0.01, 100, 5)[:, None]
        theta = starting_values(name, root @ root.T + 1e-9 * np.eye(5), DAYS)
        assert np.linalg.eigvalsh(covariance_derivatives(name, theta, DAYS)[0])[0] > 0
