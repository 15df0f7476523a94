"""The pairs of each micro-batch, prepared ahead by worker processes where there are any."""

from __future__ import annotations

from collections.abc import Iterator

from torch.utils.data import DataLoader, Dataset

from generation.training.pairs import Pair, PairSource


class Feed:
    """Hands out micro-batches by number; meant to be asked in order.

    Row numbers run through the micro-batches and, within one, through the processes that share the work: `rank` of
    `processes` gets `batch` rows of its own.
    """

    def __init__(self, source: PairSource, batch: int, *, rank: int = 0, processes: int = 1, workers: int = 0) -> None:
        self.source, self.batch, self.rank, self.processes, self.workers = source, batch, rank, processes, workers
        self._next = -1
        self._ahead: Iterator[list[Pair]] = iter(())

    def rows(self, micro: int) -> range:
        """The numbers of a micro-batch's rows."""
        first = (micro * self.processes + self.rank) * self.batch
        return range(first, first + self.batch)

    def pairs(self, micro: int) -> list[Pair]:
        """The pairs of a micro-batch."""
        if self.workers == 0:
            return [self.source.pair(row) for row in self.rows(micro)]
        if micro != self._next:
            self._ahead = iter(self._loader(micro))
        self._next = micro + 1
        return next(self._ahead)

    def _loader(self, first: int) -> DataLoader[Pair]:
        return DataLoader(
            _Numbered(self.source), batch_sampler=_From(self, first), num_workers=self.workers, collate_fn=list
        )


class _Numbered(Dataset[Pair]):
    def __init__(self, source: PairSource) -> None:
        self.source = source

    def __getitem__(self, number: int) -> Pair:
        return self.source.pair(number)


class _From:
    """Row numbers of every micro-batch from `first` on, without end."""

    def __init__(self, feed: Feed, first: int) -> None:
        self.feed, self.first = feed, first

    def __iter__(self) -> Iterator[list[int]]:
        micro = self.first
        while True:
            yield list(self.feed.rows(micro))
            micro += 1
