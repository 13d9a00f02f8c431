"""Kinds of work. Each module has `run(settings, folder) -> dict` and imports torch inside the call.

`settings` is the job's mapping, `folder` an empty folder of its own for logs; what is returned is JSON-able. An
exception ends the job and becomes the result's error: a job never hides one.
"""
