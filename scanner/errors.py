"""The errors a stage may raise; the command line alone turns them into one line and an exit code."""


class ScanError(Exception):
    """Something the user can act upon; its text names the thing and the way out."""


class SettingsError(ScanError):
    """A command-line value or path that cannot work."""


class KnowledgeError(ScanError):
    """A row of knowledge/*.toml that is malformed or contradicts its own examples."""


class IntakeError(ScanError):
    """The tree could not be walked or read at all."""


class AssemblyError(ScanError):
    """Observations that cannot be put together."""


class StoreError(ScanError):
    """The stored tables are missing, unreadable, of another schema version, or cannot be written."""


class ReportError(ScanError):
    """A document that cannot be rendered or written."""


class ReplayError(ScanError):
    """A claim, configuration or replay that cannot work."""
