"""The simulated caching allocator: hand-worked sequences, and what must hold for every sequence."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_runs.memory.allocator import MIB, Block, CachingAllocator


def test_requests_are_rounded_to_512_bytes() -> None:
    """One byte takes a block of 512 of a segment of 2 MiB."""
    allocator = CachingAllocator()
    allocator.malloc(1)
    assert (allocator.allocated, allocator.reserved) == (512, 2 * MIB)


@pytest.mark.parametrize(
    ("n_bytes", "segment"),
    [(MIB, 2 * MIB), (MIB + 1, 20 * MIB), (10 * MIB - 512, 20 * MIB), (10 * MIB, 10 * MIB), (11 * MIB + 1, 12 * MIB)],
)
def test_segments_are_small_large_or_made_to_measure(n_bytes: int, segment: int) -> None:
    """Up to 1 MiB 2 MiB are taken, up to 10 MiB 20 MiB, beyond that what is needed in steps of 2 MiB."""
    allocator = CachingAllocator()
    allocator.malloc(n_bytes)
    assert allocator.reserved == segment


def test_a_segment_is_split_and_the_rest_is_used() -> None:
    """Two blocks of 8 MiB share a segment of 20 MiB; a third finds 4 MiB and takes a new one."""
    allocator = CachingAllocator()
    reserved = []
    for _ in range(3):
        allocator.malloc(8 * MIB)
        reserved.append(allocator.reserved)
    assert reserved == [20 * MIB, 20 * MIB, 40 * MIB]


def test_a_large_rest_of_at_most_1_mib_stays_with_its_block() -> None:
    """A made-to-measure segment that leaves 1 MiB is not split: the block counts whole."""
    allocator = CachingAllocator()
    allocator.malloc(11 * MIB)
    assert (allocator.allocated, allocator.reserved) == (12 * MIB, 12 * MIB)


def test_free_neighbours_merge() -> None:
    """Three blocks of 4 MiB freed in the order first, last, middle give back a whole segment of 20 MiB."""
    allocator = CachingAllocator()
    first, middle, last = (allocator.malloc(4 * MIB) for _ in range(3))
    for block in (first, last, middle):
        allocator.free(block)
    allocator.malloc(20 * MIB)
    assert (allocator.allocated, allocator.reserved) == (20 * MIB, 20 * MIB)


def test_the_smallest_free_block_that_fits_is_taken() -> None:
    """Of free segments of 40 and 30 MiB a request for 29 MiB takes that of 30."""
    allocator = CachingAllocator()
    large, fitting = allocator.malloc(40 * MIB), allocator.malloc(30 * MIB)
    allocator.free(large)
    allocator.free(fitting)
    assert allocator.malloc(29 * MIB).size == 30 * MIB


def test_the_pools_do_not_lend_to_each_other() -> None:
    """A free large segment serves no small request."""
    allocator = CachingAllocator()
    allocator.free(allocator.malloc(20 * MIB))
    allocator.malloc(1024)
    assert allocator.reserved == 22 * MIB


def test_peaks_outlive_the_blocks() -> None:
    """What was reserved stays reserved; the allocated peak is that of the worst moment."""
    allocator = CachingAllocator()
    for _ in range(2):
        blocks = [allocator.malloc(30 * MIB) for _ in range(2)]
        for block in blocks:
            allocator.free(block)
    found = (allocator.allocated, allocator.peak_allocated, allocator.reserved, allocator.peak_reserved)
    assert found == (0, 60 * MIB, 60 * MIB, 60 * MIB)


def test_a_block_cannot_be_freed_twice() -> None:
    """A second release of the same block is an error of the caller."""
    allocator = CachingAllocator()
    block = allocator.malloc(1)
    allocator.free(block)
    with pytest.raises(ValueError, match="freed twice"):
        allocator.free(block)


def _chain(block: Block) -> list[Block]:
    """All blocks of the segment of a block, in the order of their addresses."""
    while block.previous is not None:
        block = block.previous
    found = [block]
    while found[-1].following is not None:
        found.append(found[-1].following)
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.integers(1, 40 * MIB), st.integers(1, 4096), st.integers(-30, -1)), max_size=60))
def test_what_holds_for_every_sequence(steps: list[int]) -> None:
    """Positive numbers allocate, negative ones free one of the live blocks: nothing overlaps, nothing is lost."""
    allocator = CachingAllocator()
    live: list[Block] = []
    segments: dict[int, tuple[Block, int]] = {}
    for step in steps:
        if step > 0:
            block = allocator.malloc(step)
            assert block.size >= step
            assert not any(block is other for other in live)
            live.append(block)
            chain = _chain(block)
            segments.setdefault(chain[0].number, (chain[0], sum(part.size for part in chain)))
        elif live:
            allocator.free(live.pop(step % len(live)))
        assert allocator.allocated == sum(block.size for block in live)
        assert allocator.reserved >= allocator.allocated
        for head, size in segments.values():
            parts = _chain(head)
            assert sum(part.size for part in parts) == size
            assert all(a.in_use or b.in_use for a, b in pairwise(parts))
    assert allocator.reserved == sum(size for _, size in segments.values())
    for block in live:
        allocator.free(block)
    assert allocator.allocated == 0
    assert all(len(_chain(head)) == 1 for head, _ in segments.values())
