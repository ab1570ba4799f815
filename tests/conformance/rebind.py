"""A pytest plugin: scikit-learn's own tests of NMF, run on visnmf's.

Use: python -m pytest --pyargs sklearn.decomposition.tests.test_nmf -p rebind
"""

import fnmatch

import pytest

INTERNALS = "tests private functions of scikit-learn, not NMF"
LATER_MU = "solver='mu' and its losses come with visnmf 0.2"
LATER_PENALTY = "alpha_W and alpha_H come with visnmf 0.2"
LATER_SPARSE = "sparse X comes with visnmf 0.2"
NOT_NMF = "of MiniBatchNMF or non_negative_factorization, which come with visnmf 0.2"

SKIPPED = {
    "test_initialize_*": INTERNALS,
    "test_beta_divergence*": INTERNALS,
    "test_special_sparse_dot*": INTERNALS,
    "test_nmf_underflow": INTERNALS,
    "test_minibatch_nmf_*": NOT_NMF,
    "test_mbnmf_inverse_transform": NOT_NMF,
    "test_nmf_minibatchnmf_equivalence*": NOT_NMF,
    "*MiniBatchNMF*": NOT_NMF,
    "test_non_negative_factorization_*": NOT_NMF,
    "test_nmf_multiplicative_update_sparse*": NOT_NMF,
    "test_nmf_negative_beta_loss*": NOT_NMF,
    "test_nmf_decreasing*": NOT_NMF,
    "test_nmf_non_negative_factorization_n_components_auto": NOT_NMF,
    "test_nmf_n_components_auto_no_h_update": NOT_NMF,
    "test_nmf_w_h_not_used_warning": NOT_NMF,
    "test_nmf_true_reconstruction": LATER_MU,
    "test_*[[]*mu*": LATER_MU,
    "test_*[[]*solver1*": LATER_MU,
    "test_nmf_regularization*": LATER_PENALTY,
    "test_nmf_dtype_match*": LATER_PENALTY,
    "test_nmf_fit_nn_output*1.0*": LATER_PENALTY,
    "test_nmf_sparse_*": LATER_SPARSE,
}


def pytest_configure():
    import sklearn.decomposition

    import visnmf

    sklearn.decomposition.NMF = visnmf.NMF


def reason_to_skip(name):
    """Return why a test is left out, or None."""
    return next((why for glob, why in SKIPPED.items() if fnmatch.fnmatchcase(name, glob)), None)


def pytest_collection_modifyitems(items):
    for item in items:
        why = reason_to_skip(item.name)
        if why:
            item.add_marker(pytest.mark.skip(reason=why))
