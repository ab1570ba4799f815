"""What can go wrong, each under one name.

Every error that visnmf raises on purpose derives from `VisnmfError` and from
the builtin exception that a caller would catch without knowing visnmf.
A message tells what was received, what is needed and what would work.
"""

from __future__ import annotations

__all__ = [
    "ArchiveBusyError",
    "ArchiveFormatError",
    "ArchiveNotFoundError",
    "ArchiveTooLargeError",
    "ClusterError",
    "ConvergenceWarning",
    "ImageReadError",
    "InvalidInputError",
    "MissingDependencyError",
    "ModelFormatError",
    "ModelNotFoundError",
    "NotFittedError",
    "SelectionFormatError",
    "SelectionNotFoundError",
    "SkippedImagesWarning",
    "UnalignedWarning",
    "VisnmfError",
]


class VisnmfError(Exception):
    """Base of every error that visnmf raises on purpose."""


class InvalidInputError(VisnmfError, ValueError):
    """An argument has a value, shape or type that cannot be used."""


class ImageReadError(VisnmfError, OSError):
    """A picture or a source of pictures cannot be read.

    Parameters
    ----------
    path : str
        The file, folder or source that cannot be read.
    reason : str
        Why, in words for a person.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason

    def __reduce__(self) -> tuple[type[ImageReadError], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class ModelFormatError(VisnmfError, ValueError):
    """A model file is damaged, hostile or of a version that cannot be read."""


class ModelNotFoundError(VisnmfError, FileNotFoundError):
    """There is no model file of this name.

    Parameters
    ----------
    path : str
        The file that is not there.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: there is no such model file")
        self.path = path

    def __reduce__(self) -> tuple[type[ModelNotFoundError], tuple[str]]:
        return type(self), (self.path,)


class ArchiveFormatError(VisnmfError, ValueError):
    """An archive of pictures is damaged, hostile or of a version that cannot be read."""


class ArchiveNotFoundError(VisnmfError, FileNotFoundError):
    """There is no archive of this name.

    Parameters
    ----------
    path : str
        The file that is not there.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: there is no such archive")
        self.path = path

    def __reduce__(self) -> tuple[type[ArchiveNotFoundError], tuple[str]]:
        return type(self), (self.path,)


class SelectionFormatError(VisnmfError, ValueError):
    """A selection of parts is damaged, hostile or of a version that cannot be read."""


class SelectionNotFoundError(VisnmfError, FileNotFoundError):
    """There is no selection of parts of this name.

    Parameters
    ----------
    path : str
        The file that is not there.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: there is no such selection of parts")
        self.path = path

    def __reduce__(self) -> tuple[type[SelectionNotFoundError], tuple[str]]:
        return type(self), (self.path,)


class ArchiveBusyError(VisnmfError, OSError):
    """Another process writes an archive, or has written it meanwhile."""


class ArchiveTooLargeError(VisnmfError, MemoryError):
    """To read an archive would take more memory than is allowed."""


class NotFittedError(VisnmfError, ValueError, AttributeError):
    """Something learned is asked for before anything was learned."""


class MissingDependencyError(VisnmfError, ImportError):
    """An optional package is needed; the message names how to install it."""


class ClusterError(VisnmfError, ConnectionError):
    """A scheduler of dask cannot be reached, or was lost, or has nobody to work for it."""


class ConvergenceWarning(UserWarning):
    """A run ended before it met its tolerance."""


class SkippedImagesWarning(UserWarning):
    """Some pictures of a source could not be read and were left out."""


class UnalignedWarning(UserWarning):
    """Pictures do not look aligned, so that parts of whole pictures will show little."""
