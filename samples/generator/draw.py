"""Random numbers that stay the same on every Python version."""

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Draw:
    """A seeded source of numbers, made of `random.random()` alone: only that one is promised to stay."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1."""
        return int(self._random.random() * limit)

    def one_of(self, items: Sequence[Item]) -> Item:
        """One of the items, each as likely as the others; repeat an item to make it likelier."""
        return items[self.below(len(items))]

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 calls."""
        return self.below(100) < percent
