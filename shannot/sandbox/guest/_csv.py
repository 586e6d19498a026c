"""`_csv`: reading and writing of separated values, by a state for each character."""

QUOTE_MINIMAL, QUOTE_ALL, QUOTE_NONNUMERIC, QUOTE_NONE = 0, 1, 2, 3

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
        if isinstance(dialect, Dialect) and not any(o is not None for o in options.values()):
            return dialect
        self = object.__new__(cls)
        for name, default in _DEFAULTS.items():
            value = options.pop(name, None)
            if value is None:
                value = getattr(dialect, name, default) if dialect is not None else default
                given = dialect is not None and hasattr(dialect, name)
            else:
                given = True
            object.__setattr__(self, "_" + name, _checked(name, value, given))
        if options:
            raise TypeError("%r is an invalid keyword argument for this function" % min(options))
        named = options.get("quoting") is not None or getattr(dialect, "quoting", None) is not None
        if self._quotechar is None and self._quoting != QUOTE_NONE:
            if named:
                raise TypeError("quotechar must be set if quoting enabled")
            object.__setattr__(self, "_quoting", QUOTE_NONE)
        if self._delimiter is None:
            raise TypeError('"delimiter" must be a 1-character string')
        if self._lineterminator is None:
            raise TypeError("lineterminator must be set")
        return self

    def __init__(self, dialect=None, **options):
        pass

    def __setattr__(self, name, value):
        raise AttributeError("attribute %r of a dialect cannot be changed" % name)

    __delattr__ = None


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


def _checked(name, value, given):
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


def field_size_limit(limit=None):
    """The longest field that is read; sets another. Returns the one before."""
    before = _limits[0]
    if limit is not None:
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
