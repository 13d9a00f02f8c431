"""The CUDA caching allocator of torch (c10/cuda/CUDACachingAllocator.cpp, default settings, one stream), simulated.

Sizes only: no memory is taken. What it knows: rounding, the two pools, segments, splitting, merging of neighbours,
best fit. What it leaves out: giving cached segments back when the GPU is full, expandable segments, other streams.
"""

from __future__ import annotations

from bisect import bisect_left, insort

MIB = 2**20
ROUNDING = 512
SMALL_LIMIT = MIB
"""Up to here a request is served from the pool of small blocks."""
SMALL_SEGMENT = 2 * MIB
LARGE_SEGMENT = 20 * MIB
LARGE_LIMIT = 10 * MIB
"""From here on a segment is made to measure, rounded up to SMALL_SEGMENT."""


class Block:
    """A piece of a segment, in use or free."""

    __slots__ = ("following", "in_use", "number", "previous", "size", "small")

    def __init__(self, size: int, small: bool, number: int, previous: Block | None = None) -> None:
        self.size = size
        self.small = small
        self.number = number
        """Stands for the address: breaks ties of equal size in order of creation."""
        self.previous = previous
        self.following: Block | None = None
        self.in_use = False

    def __lt__(self, other: Block) -> bool:
        return (self.size, self.number) < (other.size, other.number)


class CachingAllocator:
    """Bytes allocated and reserved, now and at the peak."""

    def __init__(self) -> None:
        self.allocated = 0
        self.reserved = 0
        self.peak_allocated = 0
        self.peak_reserved = 0
        self._free: dict[bool, list[Block]] = {True: [], False: []}
        self._n_blocks = 0

    def malloc(self, n_bytes: int) -> Block:
        """Take a block for `n_bytes` > 0; its `size` counts as allocated."""
        size = max(ROUNDING, -(-n_bytes // ROUNDING) * ROUNDING)
        small = size <= SMALL_LIMIT
        block = self._best_fit(size, small) or self._new_segment(size, small)
        rest = block.size - size
        if rest >= ROUNDING if small else rest > SMALL_LIMIT:
            self._split(block, size)
        block.in_use = True
        self.allocated += block.size
        self.peak_allocated = max(self.peak_allocated, self.allocated)
        return block

    def free(self, block: Block) -> None:
        """Give a block back to its pool, merged with free neighbours."""
        if not block.in_use:
            raise ValueError("a block was freed twice")
        block.in_use = False
        self.allocated -= block.size
        pool = self._free[block.small]
        following, previous = block.following, block.previous
        if following is not None and not following.in_use:
            self._take_from_pool(following)
            block.size += following.size
            block.following = following.following
            if block.following is not None:
                block.following.previous = block
        if previous is not None and not previous.in_use:
            self._take_from_pool(previous)
            previous.size += block.size
            previous.following = block.following
            if previous.following is not None:
                previous.following.previous = previous
            block = previous
        insort(pool, block)

    def _best_fit(self, size: int, small: bool) -> Block | None:
        pool = self._free[small]
        at = bisect_left(pool, size, key=lambda block: block.size)
        return pool.pop(at) if at < len(pool) else None

    def _new_segment(self, size: int, small: bool) -> Block:
        if small:
            taken = SMALL_SEGMENT
        elif size < LARGE_LIMIT:
            taken = LARGE_SEGMENT
        else:
            taken = -(-size // SMALL_SEGMENT) * SMALL_SEGMENT
        self.reserved += taken
        self.peak_reserved = max(self.peak_reserved, self.reserved)
        return self._block(taken, small)

    def _split(self, block: Block, size: int) -> None:
        rest = self._block(block.size - size, block.small, block)
        rest.following = block.following
        if rest.following is not None:
            rest.following.previous = rest
        block.following = rest
        block.size = size
        insort(self._free[block.small], rest)

    def _block(self, size: int, small: bool, previous: Block | None = None) -> Block:
        self._n_blocks += 1
        return Block(size, small, self._n_blocks, previous)

    def _take_from_pool(self, block: Block) -> None:
        pool = self._free[block.small]
        del pool[bisect_left(pool, block)]
