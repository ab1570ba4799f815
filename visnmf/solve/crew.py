"""Who works on the blocks of V: dask, with whichever scheduler."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from visnmf.errors import ClusterError, InvalidInputError, MissingDependencyError, VisnmfError
from visnmf.solve.stopping import Halted

__all__ = ["Crew", "current_crew", "on_dask"]

_LOCAL = ("synchronous", "single-threaded", "threads", "processes")
_POLL = 0.2  # seconds between two looks at whether to leave a pass
_PATIENCE = 60.0  # seconds that a pass goes on without a worker
_FAN = 8  # what is added up at a time

_crew: ContextVar[Crew | None] = ContextVar("visnmf_crew", default=None)


class Crew:
    """A scheduler of dask.

    Parameters
    ----------
    scheduler : str, callable or distributed.Client
        A scheduler on this machine as dask names it, or what does its work; or a client of
        a cluster.
    """

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler
        self.client: Any = scheduler if hasattr(scheduler, "scheduler_info") else None

    @property
    def threads(self) -> int:
        """How many blocks are worked on at a time."""
        if self.client is not None:
            return max(1, sum(self.client.nthreads().values()))
        from visnmf.kernels.threads import cores

        return 1 if self.scheduler in ("synchronous", "single-threaded") else cores()

    def keep(self, value: Any) -> Any:
        """Return a value for tasks to take, sent but once to each worker where there are any."""
        node = _dask().delayed(_same, pure=False)(value)
        return node if self.client is None else self.client.persist(node)

    def gather(self, tasks: list[Any], halted: Callable[[], bool] | None = None) -> list[Any]:
        """Return the results of all tasks, in order."""
        found: list[Any] = self.compute(_dask().delayed(list, pure=False)(tasks), halted)
        return found

    def added(
        self, tasks: list[Any], add: Callable[[list[Any]], Any], halted: Callable[[], bool]
    ) -> Any:
        """Return the sum of the results of all tasks, added up where they are.

        In a tree of fixed shape, so that who did which task does not change the sum.
        """
        plus = _dask().delayed(add, pure=False)
        while len(tasks) > 1:
            tasks = [plus(tasks[i : i + _FAN]) for i in range(0, len(tasks), _FAN)]
        return self.compute(tasks[0], halted)

    def compute(self, wanted: Any, halted: Callable[[], bool] | None = None) -> Any:
        """Have something computed.

        Parameters
        ----------
        wanted : dask collection
            What.
        halted : callable, optional
            Asked now and then: whether to leave it, with `Halted`.

        Raises
        ------
        ClusterError
            If the scheduler is lost, or one task after the other takes its worker with it.
        """
        try:
            if self.client is not None:
                return self._on_cluster(wanted, halted)
            with _asking(halted):
                return _dask().compute(wanted, scheduler=self.scheduler)[0]
        except (VisnmfError, Halted):
            raise
        except Exception as error:
            inner = getattr(error, "exception", None)  # dask wraps what another process raised
            if isinstance(inner, VisnmfError):
                raise inner from None
            if self.client is None or not _of_cluster(error):
                raise
            raise ClusterError(_told(error, self.client)) from error

    def _on_cluster(self, wanted: Any, halted: Callable[[], bool] | None) -> Any:
        client = self.client
        future = client.compute(wanted)
        told = threading.Event()
        future.add_done_callback(lambda _: told.set())
        seen = time.monotonic()
        try:
            while not (told.wait(_POLL) or future.done()):
                if halted is not None and halted():
                    raise Halted
                now = time.monotonic()
                if now - seen > _PATIENCE / 10 and client.nthreads():
                    seen = now
                if now - seen > _PATIENCE:
                    raise ClusterError(
                        f"the dask scheduler {_address(client)} has had no workers for "
                        f"{_PATIENCE:.0f} s; start some, and go on from the checkpoint"
                    )
            return future.result()
        finally:
            future.release()


@contextmanager
def on_dask(scheduler: Any = None, *, timeout: float = 10.0) -> Iterator[Any]:
    """Let dask work on each V that is read in blocks within.

    An iteration is then one pass in which each worker reads blocks of V itself, steps their
    encodings, and leaves its share of two small sums; these are all that travels.

    Parameters
    ----------
    scheduler : str, distributed.Client or distributed.LocalCluster, optional
        The address of a scheduler, such as "tcp://host:8786"; a client or a cluster; or
        "threads", "processes" or "synchronous". What dask itself would take, if not given: the
        client that is there, or what is set in its configuration.
    timeout : float
        Seconds to wait for the scheduler, and for a first worker.

    Yields
    ------
    distributed.Client or None
        The client, where there is a cluster; its `dashboard_link` shows the work.

    Raises
    ------
    ClusterError
        If there is no scheduler at the address, or it has no workers.
    MissingDependencyError
        If dask is not installed.

    Notes
    -----
    It holds for any loss, terms and missing entries, but for terms that couple images (a graph,
    the length of a row): there the blocks come here, one after the other. A dask array needs
    none of this: dask's own scheduler works on it. ``V.persist()`` keeps one with the workers.

    The encodings are kept in a folder, `scratch` of `visnmf.factorize`, that all workers must
    reach; a temporary one of this machine by default. So a worker that is lost costs what it was
    at. Each task has one thread: give a worker as many threads as it has processors.

    Examples
    --------
    >>> import numpy as np, visnmf
    >>> V = np.random.default_rng(0).random((50, 300))
    >>> images = visnmf.load_images(V.T.reshape(300, 5, 10), lazy=True)
    >>> with visnmf.on_dask("threads"):
    ...     result = visnmf.factorize(images, rank=3)
    >>> result.H.shape
    (3, 300)
    """
    made = None
    if isinstance(scheduler, str) and "://" in scheduler:
        made = scheduler = _connected(scheduler, timeout)
    elif hasattr(scheduler, "get_client"):  # a cluster
        made = scheduler = scheduler.get_client()
    elif isinstance(scheduler, str) and scheduler not in _LOCAL:
        raise InvalidInputError(
            f"scheduler={scheduler!r} is not known; give an address such as 'tcp://host:8786', "
            f"a client, or one of {', '.join(_LOCAL)}"
        )
    crew = Crew(_usual() if scheduler is None else scheduler)
    _dask()
    try:
        if crew.client is not None:
            _wait_for_workers(crew.client, timeout)
        token = _crew.set(crew)
        try:
            yield crew.client
        finally:
            _crew.reset(token)
    finally:
        if made is not None:
            made.close(timeout=2)


def current_crew(*, usual: bool) -> Crew | None:
    """Return who works on blocks here; if nobody was set and `usual`, whom dask would take."""
    crew = _crew.get()
    return Crew(_usual()) if crew is None and usual else crew


def _usual() -> Any:
    """Return the scheduler that dask would take for an array."""
    get = importlib.import_module("dask.base").get_scheduler() if _dask() else None
    client = getattr(get, "__self__", None)
    return client if hasattr(client, "scheduler_info") else get or "threads"


def _dask() -> Any:
    try:
        return importlib.import_module("dask")
    except ImportError as error:
        raise _missing() from error


def _missing() -> MissingDependencyError:
    return MissingDependencyError("to work on dask needs dask: pip install 'visnmf[dask]'")


def _connected(address: str, timeout: float) -> Any:
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise _missing() from error
    try:
        return distributed.Client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError) as error:  # a TimeoutError is an OSError
        raise ClusterError(
            f"there is no dask scheduler at {address} ({error or type(error).__name__}); "
            "'dask scheduler' starts one and tells its address"
        ) from error


def _wait_for_workers(client: Any, timeout: float) -> None:
    try:
        client.wait_for_workers(1, timeout=timeout)
    except TimeoutError as error:
        raise ClusterError(
            f"the dask scheduler {_address(client)} has no workers; 'dask worker "
            f"{_address(client)}' starts one"
        ) from error


def _same(value: Any) -> Any:
    return value


@contextmanager
def _asking(halted: Callable[[], bool] | None) -> Iterator[None]:
    """Ask before each task of a scheduler on this machine whether to leave."""
    if halted is None:
        yield
        return
    asked = halted

    def ask(*_: Any) -> None:
        if asked():
            raise Halted

    with importlib.import_module("dask.callbacks").Callback(pretask=ask):
        yield


def _of_cluster(error: Exception) -> bool:
    """Tell whether an error is of the cluster, and not of what a task did."""
    import distributed
    from distributed.comm import CommClosedError

    lost: tuple[type[BaseException], ...] = (
        CommClosedError, distributed.TimeoutError, distributed.CancelledError,
        distributed.scheduler.KilledWorker,
    )  # fmt: skip
    return isinstance(error, lost) or type(error).__name__ == "FutureCancelledError"


def _told(error: Exception, client: Any) -> str:
    if type(error).__name__ == "KilledWorker":
        return (
            "worker after worker died over the same block of V, for want of memory perhaps; give "
            "them more, or fewer threads each"
        )
    reason = getattr(error, "reason", None) or type(error).__name__
    return (
        f"the dask scheduler {_address(client)} is lost ({reason}); start "
        "it anew, and go on from the checkpoint with resume=True, if the run has one"
    )


def _address(client: Any) -> str:
    return str(getattr(getattr(client, "scheduler", None), "address", "") or "of the client")
