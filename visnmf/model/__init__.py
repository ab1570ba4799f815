"""A learned basis that can be kept, and used on other pictures."""

from visnmf.model.learn import learn
from visnmf.model.model import Model

__all__ = ["Model", "learn"]
