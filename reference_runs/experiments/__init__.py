"""How claims are tested. Each module has two functions and imports no torch:

`jobs(claim, at_hand) -> dict[str, Job]`           what must be run, by a name of the experiment's own
`measure(claim, results, at_hand) -> Finding`      what the results say (`results` has the same names)

Either raises `NotTestable(reason)` when this hardware cannot decide the claim. The decision itself is `rules.py`'s.
"""
