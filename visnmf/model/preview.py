"""What a notebook shows of a model: its parts, and a line about where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visnmf.model.model import Model

__all__ = ["facts_of", "model_html"]


def model_html(model: Model) -> str | None:
    """Return a model as HTML, each part on its own scale; None where it cannot be drawn."""
    from visnmf.images.preview import MOST, preview_html, unless_broken

    def make() -> str:
        count = min(model.rank, MOST)
        parts = [model.layout.to_images(model.W[:, k]) for k in range(count)]
        parts = [part / (part.max() or 1) for part in parts]
        first = "all" if count == model.rank else f"the first {count} of"
        told = f"{first} {model.rank:,} parts, each on its own scale"
        return preview_html(parts, f"{model!r} {facts_of(model.provenance)}".rstrip(), told)

    return unless_broken(make)


def facts_of(provenance: dict[str, Any]) -> str:
    """Tell in a line where parts come from, as far as it is known."""
    facts = []
    count, source = provenance.get("n_images"), provenance.get("source")
    if isinstance(count, int):
        facts.append(f"learned from {count:,} pictures" + (f" ({source})" if source else ""))
    recipe = provenance.get("recipe")
    if isinstance(recipe, dict) and recipe.get("name"):
        facts.append(f"recipe {recipe['name']}")
    error = provenance.get("relative_error")
    if isinstance(error, float):
        facts.append(f"relative error {error:.4f}")
    return ", ".join(facts)
