"""A pytest plugin: scikit-learn's own tests of NMF, run on visnmf's.

Use: python -m pytest --pyargs sklearn.decomposition.tests.test_nmf -p rebind

NMF, MiniBatchNMF and non_negative_factorization are visnmf's there. The tests that are left out
are in SKIPPED, from patterns of their names to the reason.
"""

import fnmatch

import pytest

INTERNALS = "tests private functions of scikit-learn alone"
DIGITS = "wants two private paths of scikit-learn, plain steps both, to agree to the last digits"
ALIASED = (
    "compares an array with itself: scikit-learn writes over the H that it is given, which both "
    "models then hold; given copies, its own two results differ by 0.6"
)

SKIPPED = {
    "test_initialize_*": INTERNALS,
    "test_beta_divergence*": INTERNALS,
    "test_special_sparse_dot*": INTERNALS,
    "test_nmf_underflow": INTERNALS,
    "test_nmf_minibatchnmf_equivalence*": DIGITS,
    "test_minibatch_nmf_partial_fit": ALIASED,
}


def pytest_configure():
    import sklearn.decomposition

    import visnmf

    # Before the tests are imported: their parameters hold the classes
    for name in ("NMF", "MiniBatchNMF", "non_negative_factorization"):
        setattr(sklearn.decomposition, name, getattr(visnmf, name))


def first_match(name):
    """Return the first pattern that fits a test's name, or None."""
    return next((glob for glob in SKIPPED if fnmatch.fnmatchcase(name, glob)), None)


def pytest_collection_modifyitems(items):
    for item in items:
        glob = first_match(item.name)
        if glob in SKIPPED:
            item.add_marker(pytest.mark.skip(reason=SKIPPED[glob]))
