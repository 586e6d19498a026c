"""`_csv`: reading and writing of separated values, by a state for each character."""

QUOTE_MINIMAL, QUOTE_ALL, QUOTE_NONNUMERIC, QUOTE_NONE = 0, 1, 2, 3

_UNSAID = object()
"""In the place of what was not given: None is a value of its own."""
_dialects = {}
_limits = [128 * 1024]


class Error(Exception):
    """What cannot be read or written as separated values."""

    __module__ = "_csv"


class Dialect:
    """How values are separated and quoted."""

    __slots__ = (
        "_delimiter", "_doublequote", "_escapechar", "_lineterminator", "_quotechar", "_quoting",
        "_skipinitialspace", "_strict",
    )  # fmt: skip

    def __new__(cls, dialect=None, **options):
        if isinstance(dialect, str):
            dialect = get_dialect(dialect)
        if isinstance(dialect, Dialect) and not options:
            return dialect
        self = object.__new__(cls)
        said = {}
        for name, default in _DEFAULTS.items():
            value = options.pop(name, _UNSAID)
            if value is _UNSAID and dialect is not None:
                value = getattr(dialect, name, _UNSAID)
            said[name] = value
            checked = _checked(name, default if value is _UNSAID else value)
            object.__setattr__(self, "_" + name, checked)
        if options:
            raise TypeError("%r is an invalid keyword argument for this function" % min(options))
        if said["quotechar"] is None and said["quoting"] is _UNSAID:
            object.__setattr__(self, "_quoting", QUOTE_NONE)
        if self._quotechar is None and self._quoting != QUOTE_NONE:
            raise TypeError("quotechar must be set if quoting enabled")
        if self._delimiter is None:
            raise TypeError('"delimiter" must be a 1-character string')
        if self._lineterminator is None:
            raise TypeError("lineterminator must be set")
        return self

    def __init__(self, dialect=None, **options):
        pass

    def __setattr__(self, name, value):
        raise AttributeError("attribute %r of a dialect cannot be changed" % name)

    def __delattr__(self, name):
        raise AttributeError("attribute %r of a dialect cannot be deleted" % name)

    def __reduce_ex__(self, protocol):
        raise TypeError("cannot pickle a dialect")


def _reading(name):
    return property(lambda self: getattr(self, "_" + name))


_DEFAULTS = {
    "delimiter": ",",
    "doublequote": True,
    "escapechar": None,
    "lineterminator": "\r\n",
    "quotechar": '"',
    "quoting": QUOTE_MINIMAL,
    "skipinitialspace": False,
    "strict": False,
}
for _name in _DEFAULTS:
    setattr(Dialect, _name, _reading(_name))


def _checked(name, value):
    if name in ("delimiter", "escapechar", "quotechar"):
        if value is None or (value == "" and name != "delimiter"):
            return None
        if not isinstance(value, str):
            kind = type(value).__name__
            raise TypeError('"%s" must be string, not %s' % (name, kind))
        if len(value) != 1:
            raise TypeError('"%s" must be a 1-character string' % name)
        return value
    if name == "lineterminator":
        if value is not None and not isinstance(value, str):
            raise TypeError('"lineterminator" must be a string')
        return value
    if name == "quoting":
        if type(value) is not int:
            raise TypeError('"quoting" must be an integer')
        if not 0 <= value <= 3:
            raise TypeError('bad "quoting" value')
        return value
    return bool(value)


def register_dialect(name, dialect=None, **options):
    """Give a dialect a name."""
    if not isinstance(name, str):
        raise TypeError("dialect name must be a string")
    _dialects[name] = Dialect(dialect, **options)


def unregister_dialect(name):
    """Forget the name of a dialect."""
    if name not in _dialects:
        raise Error("unknown dialect")
    del _dialects[name]


def get_dialect(name):
    """The dialect of a name."""
    if name not in _dialects:
        raise Error("unknown dialect")
    return _dialects[name]


def list_dialects():
    """All names."""
    return list(_dialects)


def field_size_limit(limit=_UNSAID):
    """The longest field that is read; sets another. Returns the one before."""
    before = _limits[0]
    if limit is not _UNSAID:
        if type(limit) is not int:
            raise TypeError("limit must be an integer")
        _limits[0] = limit
    return before


from _shannot_csv import Reader, Writer  # noqa: E402 - they need what stands above


def reader(iterable, dialect=None, **options):
    """The rows of lines."""
    return Reader(iterable, Dialect(dialect, **options))


def writer(fileobj, dialect=None, **options):
    """What writes rows to a file."""
    return Writer(fileobj, Dialect(dialect, **options))


__version__ = "1.0"
