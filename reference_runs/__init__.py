"""Reference runs: documented claims and configurations, replayed on the hardware at hand, with verdicts.

The flow is in `replay.py`: claims (data) name an experiment; the experiment asks for jobs; each job runs in its own
process and leaves a folder; the experiment reads the results into a finding; the claim's rule decides. The only
importer of torch and its friends, and only inside jobs and `memory/`: everything else here loads without them.
"""
