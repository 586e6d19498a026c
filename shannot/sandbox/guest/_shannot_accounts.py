"""Lines of /etc/passwd and /etc/group as `pwd` and `grp` give them."""


class Account(tuple):
    """A tuple whose items have names: `_fields`. `_numbers` are whole numbers, `_list` a list."""

    _fields = ()
    _numbers = ()
    _list = -1

    def __getattr__(self, name):
        if name in self._fields:
            return self[self._fields.index(name)]
        raise AttributeError(name)

    def __repr__(self):
        pairs = ", ".join("%s=%r" % pair for pair in zip(self._fields, self))
        return "%s.%s(%s)" % (type(self).__module__, type(self).__name__, pairs)


def read(path, kind):
    """Every line that is as the manual page says."""
    found = []
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                entry = _parsed(line.rstrip("\n").split(":"), kind)
                if entry is not None:
                    found.append(entry)
    except FileNotFoundError:
        pass
    return found


def _parsed(parts, kind):
    if len(parts) != len(kind._fields):
        return None
    try:
        for place in kind._numbers:
            parts[place] = int(parts[place])
    except ValueError:
        return None
    if kind._list >= 0:
        parts[kind._list] = [member for member in parts[kind._list].split(",") if member]
    return kind(parts)
