"""The errors that are ours.  Each says what arrived, what was expected, what to do, and where."""


class ShapeError(ValueError):
    """Arrays whose shapes do not fit an op, a layer or a loss."""


class FormatError(ValueError):
    """A file that is not what it claims to be: truncated, malformed or hostile."""


class DataNotFoundError(FileNotFoundError):
    """A data set that is nowhere to be found; the message says which file to put where."""
