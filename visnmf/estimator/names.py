"""scikit-learn's names of solvers, losses and penalties, brought to those of the core.

What scikit-learn calls W (n_samples x n_components) is H' of the core, and its H is W'.
"""

from __future__ import annotations

from typing import NamedTuple

from visnmf.errors import InvalidInputError
from visnmf.solve.naming import is_robust, named
from visnmf.solve.plan import INITS
from visnmf.terms.elastic_net import ElasticNet

__all__ = [
    "LOSSES",
    "SOLVERS",
    "STARTS",
    "Penalties",
    "beta_of",
    "check_solver",
    "loss_of",
    "penalties_of",
]

LOSSES = {"frobenius": 2.0, "kullback-leibler": 1.0, "itakura-saito": 0.0}
"""Names of losses, and their beta."""

SOLVERS = {
    "cd": "hals",
    "mu": "mu",
    "hals": "hals",
    "gradient": "gradient",
    "fast gradient": "fast gradient",
    "bpp": "bpp",
    "newton": "newton",
}
"""Names of solvers, and the update of the core that each one is."""

STARTS = {name for name in INITS if name != "auto"} | {"custom"}

_ANY_LOSS = ("mu", "gradient")
_QUADRATICS = ("cd", "hals", "fast gradient", "bpp")  # which Huber and L2,1 have too


class Penalties(NamedTuple):
    """What is asked of the components (W' of the core) and of the encodings (H)."""

    components: ElasticNet | None
    encodings: ElasticNet | None


def beta_of(beta_loss: float | str) -> float:
    """Return the beta of a loss."""
    return LOSSES[beta_loss] if isinstance(beta_loss, str) else float(beta_loss)


def loss_of(beta_loss: float | str) -> float | str:
    """Return a loss as the core takes it: its beta, or the name of a robust one."""
    return named(beta_loss) if is_robust(beta_loss) else beta_of(beta_loss)


def check_solver(solver: str, beta_loss: float | str) -> None:
    """Refuse a solver that does not handle a loss, in scikit-learn's words."""
    if is_robust(beta_loss):
        if solver in _ANY_LOSS or (solver in _QUADRATICS and named(beta_loss) != "l1"):
            return
        raise InvalidInputError(
            f"Invalid beta_loss parameter: solver {solver!r} does not handle beta_loss "
            f"= {beta_loss!r}; use solver='mu'"
        )
    needed = 1.0 if solver == "newton" else 2.0
    if solver not in _ANY_LOSS and beta_of(beta_loss) != needed:
        raise InvalidInputError(
            f"Invalid beta_loss parameter: solver {solver!r} does not handle beta_loss "
            f"= {beta_loss!r}"
        )


def penalties_of(
    alpha_W: float, alpha_H: float | str, l1_ratio: float, shape: tuple[int, int]
) -> Penalties:
    """Return the penalties of a fit to X of a shape, scaled as scikit-learn scales them.

    Those of W grow with n_features and those of H with n_samples, so that what they weigh beside
    the loss does not depend on the size of X.
    """
    n_samples, n_features = shape
    alpha_H = alpha_W if isinstance(alpha_H, str) else alpha_H
    return Penalties(
        components=_elastic_net(n_samples * alpha_H, l1_ratio),
        encodings=_elastic_net(n_features * alpha_W, l1_ratio),
    )


def _elastic_net(amount: float, l1_ratio: float) -> ElasticNet | None:
    if amount == 0:
        return None
    return ElasticNet(l1=amount * l1_ratio, l2=amount * (1 - l1_ratio))
