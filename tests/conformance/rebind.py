"""A pytest plugin: scikit-learn's own tests of NMF, run on visnmf's.

Use: python -m pytest --pyargs sklearn.decomposition.tests.test_nmf -p rebind

What visnmf.NMF does not run is told in two tables, from patterns of test names to reasons:
SKIPPED tests are not of NMF; LATER ones must fail with NotImplementedError, and are an error
as soon as they pass. The first pattern that fits a name counts.
"""

import fnmatch

import pytest

INTERNALS = "tests private functions of scikit-learn, not NMF"
FUNCTION = "calls the function non_negative_factorization, which visnmf does not have yet"
COMPARES = "wants the numbers of scikit-learn's own function or MiniBatchNMF, digit by digit"
MINI_BATCH = "tests MiniBatchNMF, which visnmf does not have yet"

SKIPPED = {
    "test_initialize_*": INTERNALS,
    "test_beta_divergence*": INTERNALS,
    "test_special_sparse_dot*": INTERNALS,
    "test_nmf_underflow": INTERNALS,
    "test_minibatch_nmf_*": MINI_BATCH,
    "test_mbnmf_inverse_transform": MINI_BATCH,
    "*MiniBatchNMF*": MINI_BATCH,
    "test_non_negative_factorization_checking": FUNCTION,
    "test_nmf_multiplicative_update_sparse*": FUNCTION,
    "test_nmf_negative_beta_loss*": FUNCTION,
    "test_nmf_decreasing*": FUNCTION,
    "test_nmf_non_negative_factorization_n_components_auto": FUNCTION,
    "test_nmf_n_components_auto_no_h_update": FUNCTION,
    "test_nmf_w_h_not_used_warning": FUNCTION,
    "test_non_negative_factorization_consistency*": COMPARES,
    "test_nmf_minibatchnmf_equivalence*": COMPARES,
}

SOLVER = "solver='mu' and its losses come with visnmf 0.2"
PENALTY = "alpha_W and alpha_H come with visnmf 0.2"
SPARSE = "sparse X comes with visnmf 0.2"

LATER = {
    "test_*[[]*solver1*": SOLVER,  # {"solver": "mu"}
    "test_*[[]*mu*": SOLVER,
    "test_nmf_true_reconstruction": SOLVER,
    "test_nmf_sparse_*": SPARSE,
    "test_nmf_regularization*": PENALTY,
    "test_nmf_dtype_match*": PENALTY,
    "test_nmf_fit_nn_output*1.0*": PENALTY,
}

# pytest.warns turns an exception in its block into a failure of its own
REFUSED = (NotImplementedError, pytest.fail.Exception)


def pytest_configure():
    import sklearn.decomposition

    import visnmf

    # Before the tests are imported: their parameters hold the class
    sklearn.decomposition.NMF = visnmf.NMF


def first_match(name):
    """Return the first pattern that fits a test's name, or None."""
    return next((glob for glob in SKIPPED | LATER if fnmatch.fnmatchcase(name, glob)), None)


def pytest_collection_modifyitems(items):
    for item in items:
        glob = first_match(item.name)
        if glob in SKIPPED:
            item.add_marker(pytest.mark.skip(reason=SKIPPED[glob]))
        elif glob in LATER:
            item.add_marker(pytest.mark.xfail(reason=LATER[glob], raises=REFUSED, strict=True))
