"""Compressed sparse rows over numpy: what is needed of them to look films up, without scipy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Csr", "bounds_of"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Csr:
    """Rows of ascending column numbers, with a value for each where there are any.

    ``indptr`` says where each row begins and the last one ends, ``indices`` holds the columns, row after row.

    >>> rows = Csr.of_pairs([0, 2, 2], [1, 0, 1], (3, 2))
    >>> rows.row(2).tolist(), rows.counts.tolist(), rows.transposed().row(1).tolist()
    ([0, 1], [1, 0, 2], [0, 2])
    """

    indptr: Array
    indices: Array
    data: Array | None
    shape: tuple[int, int]

    @classmethod
    def of_pairs(cls, rows: Any, columns: Any, shape: tuple[int, int], data: Array | None = None) -> Csr:
        """Build rows from pairs in any order, each pair given once."""
        rows, columns = np.asarray(rows, np.int64), np.asarray(columns, np.int64)
        order = np.lexsort((columns, rows))
        return cls(
            bounds_of(rows, shape[0]),
            columns[order].astype(_narrow(shape[1])),
            None if data is None else data[order],
            shape,
        )

    def row(self, at: int) -> Array:
        """Return the columns of a row."""
        return self.indices[int(self.indptr[at]) : int(self.indptr[at + 1])]

    def values(self, at: int) -> Array:
        """Return the values of a row; ones where there are none."""
        start, end = int(self.indptr[at]), int(self.indptr[at + 1])
        return np.ones(end - start) if self.data is None else self.data[start:end]

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many entries each row has."""
        return np.diff(self.indptr)

    def rows(self) -> npt.NDArray[np.int64]:
        """Return the row of every entry."""
        return np.repeat(np.arange(self.shape[0]), self.counts)

    def taken(self, rows: Any) -> Csr:
        """Return some of the rows, in the order given."""
        rows = np.asarray(rows, np.int64)
        counts = self.counts[rows]
        ends = np.concatenate(([0], np.cumsum(counts))).astype("<i8")
        places = np.arange(int(ends[-1])) - np.repeat(ends[:-1] - self.indptr[rows], counts)
        data = None if self.data is None else self.data[places]
        return Csr(ends, self.indices[places], data, (len(rows), self.shape[1]))

    def transposed(self) -> Csr:
        """Return columns as rows."""
        order = np.argsort(self.indices, kind="stable")
        rows = self.rows()[order].astype(_narrow(self.shape[0]))
        data = None if self.data is None else self.data[order]
        return Csr(bounds_of(self.indices, self.shape[1]), rows, data, (self.shape[1], self.shape[0]))

    def scipy(self) -> Any:
        """Return the same as a ``scipy.sparse.csr_matrix`` of floats."""
        from scipy import sparse

        kind = np.int32 if max(len(self.indices), *self.shape) < 2**31 else np.int64
        matrix = sparse.csr_matrix(self.shape)
        # What is mapped cannot be written, and there are libraries that take no such arrays.
        matrix.indptr, matrix.indices = np.require(self.indptr, kind, "W"), np.require(self.indices, kind, "W")
        matrix.data = np.ones(len(self.indices)) if self.data is None else np.require(self.data, np.float64, "W")
        matrix.has_sorted_indices = matrix.has_canonical_format = True
        return matrix


def bounds_of(rows: Array, size: int) -> npt.NDArray[np.int64]:
    """Return where each of so many rows begins, and the last one ends, when entries are sorted by row."""
    bounds = np.zeros(size + 1, "<i8")
    np.cumsum(np.bincount(rows, minlength=size)[:size] if size else [], out=bounds[1:])
    return bounds


def _narrow(columns: int) -> str:
    """Return the smallest type for the numbers of columns."""
    return "<u2" if columns <= 2**16 else "<i4" if columns <= 2**31 else "<i8"
