"""What each recipe is for, and whose it is; nothing is loaded to tell it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["TABLE", "Entry"]


class Entry(NamedTuple):
    """A line of the table of recipes.

    Attributes
    ----------
    purpose : str
        What to choose it for.
    paper : str
        Who wrote of it first, or best.
    """

    purpose: str
    paper: str


TABLE: dict[str, Entry] = {
    # plain V ~ W H, by the algorithm
    "hals": Entry("plain NMF, a part at a time", "Cichocki & Phan 2009"),
    "lee_seung": Entry("plain NMF as it was first published", "Lee & Seung 2001"),
    "lin": Entry("plain NMF by projected gradient descent", "Lin 2007"),
    "nenmf": Entry("plain NMF by Nesterov's gradients", "Guan, Tao, Luo & Yuan 2012"),
    "anls_bpp": Entry("plain NMF, each factor solved exactly", "Kim & Park 2011"),
    # other losses
    "kl": Entry("counts, words, photons: noise that grows with the signal", "Lee & Seung 1999"),
    "itakura_saito": Entry(
        "spectra of sound and radar: errors count relative to the value",
        "Févotte, Bertin & Durrieu 2009",
    ),
    "huber": Entry("pictures of which something hides a part", "Du, Li & Shen 2012"),
    "l21": Entry("sets in which some pictures are unlike all others", "Kong, Ding & Huang 2011"),
    # penalties and constraints
    "sparse": Entry("few parts for each picture", "Hoyer 2002"),
    "hoyer": Entry("parts exactly as local as you say", "Hoyer 2004"),
    "nsnmf": Entry("parts and encodings sparse at once", "Pascual-Montano et al. 2006"),
    "onmf": Entry("parts that hardly overlap", "Ding, Li, Peng & Park 2006"),
    "smooth": Entry("parts without speckle, from noisy pictures", "Zdunek & Cichocki 2007"),
    "gnmf": Entry("clusters: like pictures get like encodings", "Cai, He, Han & Huang 2011"),
    "discriminant": Entry("features that tell labeled classes apart", "Wang, Jia, Hu & Turk 2005"),
    "unmixing": Entry("materials in a spectral cube: shares that sum to one", "Heinz & Chang 2001"),
    # not V ~ W H with both factors free
    "lnmf": Entry("local parts of faces, as published", "Li, Hou, Zhang & Cheng 2001"),
    "projective": Entry("parts that encode by one product, h = W'v", "Yuan & Oja 2005"),
    "opnmf": Entry("the same, nearly orthogonal: regions of brain scans", "Yang & Oja 2010"),
    "separable": Entry("pictures that are parts themselves, picked", "Gillis 2014"),
    "convex": Entry("mixtures of pictures: cluster centers", "Ding, Li & Jordan 2010"),
    "semi": Entry("data of either sign; encodings still only add", "Ding, Li & Jordan 2010"),
    "deep": Entry("parts of parts, layer by layer", "Trigeorgis et al. 2014"),
    "symmetric": Entry("clusters from a matrix of similarities", "Kuang, Ding & Park 2012"),
}
"""Name -> what it is for and whose it is; in the order in which to read them."""
