"""A made term-document matrix: no real one comes with the libraries at hand.

Words have Zipf's frequencies, a topic raises a few hundred of them, a document mixes a few
topics; then tf-idf, as for 20 newsgroups: 11,000 documents, 20,000 words, some 70 words each.
"""

import numpy as np
import scipy.sparse as sp

RANK = 20
TOPICS = 20


def load(size="20000x11000", rank=RANK):
    """Return X for a size, WORDSxDOCUMENTS; the rank is that of the fit, not of the model."""
    m, n = map(int, size.split("x"))
    rng = np.random.default_rng(0)
    zipf = 1 / (np.arange(m) + 2.7)
    topics = np.array([zipf * rng.gamma(0.1, 10, m) for _ in range(TOPICS)])
    sums = np.cumsum(topics / topics.sum(axis=1, keepdims=True), axis=1)
    lengths = rng.lognormal(4.5, 0.7, n).astype(int) + 5
    documents = np.repeat(np.arange(n), lengths)
    mixtures = np.cumsum(rng.dirichlet(np.full(TOPICS, 0.1), n), axis=1)
    chosen = (mixtures[documents] < rng.random((len(documents), 1))).sum(axis=1).clip(0, TOPICS - 1)
    words = np.empty(len(documents), int)
    for topic in range(TOPICS):
        of_topic = chosen == topic
        words[of_topic] = np.searchsorted(sums[topic], rng.random(of_topic.sum())).clip(0, m - 1)
    counts = sp.csr_array((np.ones(len(words), np.float32), (documents, words)), shape=(n, m))
    counts.sum_duplicates()
    return weigh(counts)


def weigh(counts):
    """Return tf-idf with logarithms of the counts, each document of length 1."""
    held = np.bincount(counts.indices, minlength=counts.shape[1])
    counts.data = (1 + np.log(counts.data)) * np.log(counts.shape[0] / held[counts.indices] + 1)
    lengths = np.sqrt(np.add.reduceat(counts.data**2, counts.indptr[:-1]))
    counts.data = (counts.data / np.repeat(lengths, np.diff(counts.indptr))).astype(np.float32)
    return counts
