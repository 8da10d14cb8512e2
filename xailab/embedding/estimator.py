"""t-SNE as a scikit-learn estimator, for pipelines and for code that has one already.

- ``TSNE``  fit, fit_transform, and transform of new points
"""

from typing import Any

import numpy as np
from jaxtyping import Float32
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from xailab.embedding.checking import check_count
from xailab.embedding.result import Embedding
from xailab.embedding.schedule import Descent
from xailab.embedding.transform import transform
from xailab.embedding.tsne import tsne


class TSNE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """``xailab.embedding.tsne`` with scikit-learn's interface.

    Unlike scikit-learn's own it can ``transform`` new points; those that the map was made of stay where they are.

    Parameters
    ----------
    n_components
        Dimensions of the map, 2 or 3.
    perplexity
        One or several, in 2..n-1.
    early_exaggeration, early_exaggeration_iter
        Factor of the attraction in the first iterations, and how many these are.
    max_iter
        All iterations, as in scikit-learn; where it is less than ``early_exaggeration_iter``, all are exaggerated.
    learning_rate
        See ``Descent``; ``"auto"`` chooses it. It is four times that of scikit-learn.
    dof
        Degrees of freedom of the map's kernel.
    n_jobs
        Threads; None or -1: as many as numba uses.
    random_state
        Seed of the noise in the start. None draws one from NumPy's global state.

    Attributes
    ----------
    embedding_
        The map [n c].
    kl_divergence_
        In nats.
    n_iter_
        Iterations run.
    result_
        The ``Embedding``: history, affinities.
    n_features_in_, feature_names_in_
        As in all of scikit-learn's estimators.
    """

    def __init__(
        self,
        n_components: Any = 2,  # scikit-learn wants anything taken here, and checked in fit
        *,
        perplexity: Any = 30.0,
        early_exaggeration: Any = 12.0,
        early_exaggeration_iter: Any = 100,
        max_iter: Any = 500,
        learning_rate: Any = "auto",
        dof: Any = 1.0,
        n_jobs: Any = None,
        random_state: Any = 0,
    ) -> None:
        self.n_components = n_components
        self.perplexity = perplexity
        self.early_exaggeration = early_exaggeration
        self.early_exaggeration_iter = early_exaggeration_iter
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.dof = dof
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> "TSNE":
        """Make a map of ``X`` [n d]; ``y`` is not looked at. Raises as ``tsne`` does."""
        values = validate_data(self, X, ensure_min_samples=3, dtype=[np.float64, np.float32])
        rate = None if isinstance(self.learning_rate, str) and self.learning_rate == "auto" else self.learning_rate
        total = check_count(self.max_iter, "max_iter", low=0)
        exaggerated = min(total, check_count(self.early_exaggeration_iter, "early_exaggeration_iter", low=0))
        self.result_: Embedding = tsne(
            values,
            perplexity=self.perplexity,
            dimensions=self.n_components,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
            dof=self.dof,
            descent=Descent(
                iterations=total - exaggerated,
                exaggerated_iterations=exaggerated,
                exaggeration=self.early_exaggeration,
                learning_rate=rate,
            ),
            threads=self._threads(),
            progress=False,
        )
        self.embedding_ = self.result_.points
        self.kl_divergence_, self.n_iter_ = self.result_.kl, self.result_.iterations
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Float32[np.ndarray, "n c"]:
        """Make a map of ``X`` and return it."""
        return self.fit(X, y).embedding_

    def transform(self, X: Any) -> Float32[np.ndarray, "m c"]:
        """Return places of new points in the map. See ``xailab.embedding.transform``."""
        check_is_fitted(self)
        values = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        return transform(self.result_, values, threads=self._threads())

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "result_")

    @property
    def _n_features_out(self) -> int:
        return int(self.embedding_.shape[1])

    def _threads(self) -> int | None:
        return None if self.n_jobs == -1 else self.n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]  # a map is float32, whatever the features were
        return tags
