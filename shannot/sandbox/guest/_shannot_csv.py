"""Rows of separated values from lines, and lines from rows: for `_csv`."""

import _csv

(
    _ROW_START, _FIELD_START, _ESCAPED, _FIELD, _QUOTED, _QUOTED_ESCAPED, _QUOTE_SEEN, _ROW_END,
    _AFTER_ESCAPED_END,
) = range(9)  # fmt: skip


class Reader:
    """Iterates over rows, each a list of strings."""

    def __init__(self, iterable, dialect):
        self._lines = iter(iterable)
        self.dialect = dialect
        self.line_num = 0
        self._reset()

    def _reset(self):
        self._fields = []
        self._field = []
        self._state = _ROW_START
        self._is_number = False

    def __iter__(self):
        return self

    def __next__(self):
        self._reset()
        while True:
            try:
                line = next(self._lines)
            except StopIteration:
                if not self._field and self._state != _QUOTED:
                    raise
                if self.dialect.strict:
                    raise _csv.Error("unexpected end of data") from None
                self._save()
                break
            if not isinstance(line, str):
                raise _csv.Error(
                    "iterator should return strings, not %s (did you open the file in text mode?)"
                    % type(line).__name__
                )
            self.line_num += 1
            for letter in line:
                if letter == "\0":
                    raise _csv.Error("line contains NULL byte")
                self._take(letter)
            self._take("")
            if self._state == _ROW_START:
                break
        fields, self._fields = self._fields, []
        return fields

    def _take(self, letter):
        """One character; "" is the end of the line."""
        _STEPS[self._state](self, letter)

    def _save(self):
        text = "".join(self._field)
        self._field = []
        if self._is_number:
            self._is_number = False
            text = float(text)
        self._fields.append(text)

    def _add(self, letter):
        if len(self._field) >= _csv.field_size_limit():
            raise _csv.Error("field larger than field limit (%d)" % _csv.field_size_limit())
        self._field.append(letter)

    def _end_row(self, letter):
        self._state = _ROW_END if letter else _ROW_START

    def _row_start(self, letter):
        if not letter:
            return
        if letter in "\r\n":
            self._state = _ROW_END
            return
        self._state = _FIELD_START
        self._field_start(letter)

    def _field_start(self, letter):
        dialect = self.dialect
        if letter in "\r\n":
            self._save()
            self._end_row(letter)
        elif letter == dialect.quotechar and dialect.quoting != _csv.QUOTE_NONE:
            self._state = _QUOTED
        elif letter == dialect.escapechar:
            self._state = _ESCAPED
        elif letter == " " and dialect.skipinitialspace:
            pass
        elif letter == dialect.delimiter:
            self._save()
        else:
            self._is_number = dialect.quoting == _csv.QUOTE_NONNUMERIC
            self._add(letter)
            self._state = _FIELD

    def _escaped(self, letter):
        self._add(letter or "\n")
        self._state = _AFTER_ESCAPED_END if letter in ("\r", "\n") and letter else _FIELD

    def _after_escaped_end(self, letter):
        if letter:
            self._state = _FIELD
            self._in_field(letter)

    def _in_field(self, letter):
        dialect = self.dialect
        if letter in "\r\n":
            self._save()
            self._end_row(letter)
        elif letter == dialect.escapechar:
            self._state = _ESCAPED
        elif letter == dialect.delimiter:
            self._save()
            self._state = _FIELD_START
        else:
            self._add(letter)

    def _quoted(self, letter):
        dialect = self.dialect
        if not letter:
            return
        if letter == dialect.escapechar:
            self._state = _QUOTED_ESCAPED
        elif letter == dialect.quotechar and dialect.quoting != _csv.QUOTE_NONE:
            self._state = _QUOTE_SEEN if dialect.doublequote else _FIELD
        else:
            self._add(letter)

    def _quoted_escaped(self, letter):
        self._add(letter or "\n")
        self._state = _QUOTED

    def _quote_seen(self, letter):
        dialect = self.dialect
        if dialect.quoting != _csv.QUOTE_NONE and letter == dialect.quotechar:
            self._add(letter)
            self._state = _QUOTED
        elif letter == dialect.delimiter:
            self._save()
            self._state = _FIELD_START
        elif letter in "\r\n":
            self._save()
            self._end_row(letter)
        elif not dialect.strict:
            self._add(letter)
            self._state = _FIELD
        else:
            raise _csv.Error("'%s' expected after '%s'" % (dialect.delimiter, dialect.quotechar))

    def _row_end(self, letter):
        if not letter:
            self._state = _ROW_START
        elif letter not in "\r\n":
            raise _csv.Error(
                "new-line character seen in unquoted field -"
                " do you need to open the file in universal-newline mode?"
            )


_STEPS = (
    Reader._row_start, Reader._field_start, Reader._escaped, Reader._in_field, Reader._quoted,
    Reader._quoted_escaped, Reader._quote_seen, Reader._row_end, Reader._after_escaped_end,
)  # fmt: skip


class Writer:
    """Writes rows."""

    def __init__(self, fileobj, dialect):
        if not callable(getattr(fileobj, "write", None)):
            raise TypeError('argument 1 must have a "write" method')
        self._write = fileobj.write
        self.dialect = dialect

    def writerow(self, row):
        """One row. Returns what the file's `write` does."""
        try:
            fields = list(row)
        except TypeError:
            raise _csv.Error("iterable expected, not %s" % type(row).__name__) from None
        dialect = self.dialect
        if len(fields) == 1 and dialect.quoting == _csv.QUOTE_NONE and fields[0] in (None, ""):
            raise _csv.Error("single empty field record must be quoted")
        texts = [self._quoted(field, len(fields) == 1) for field in fields]
        return self._write(dialect.delimiter.join(texts) + dialect.lineterminator)

    def writerows(self, rows):
        """Several rows."""
        for row in rows:
            self.writerow(row)

    def _quoted(self, field, alone):
        dialect = self.dialect
        is_number = isinstance(field, (int, float, complex))
        text = "" if field is None else field if isinstance(field, str) else str(field)
        quoting = dialect.quoting
        quote = quoting == _csv.QUOTE_ALL or (quoting == _csv.QUOTE_NONNUMERIC and not is_number)
        special = [dialect.delimiter, dialect.escapechar, dialect.quotechar]
        special += dialect.lineterminator
        parts = []
        for letter in text:
            if letter in special:
                if quoting == _csv.QUOTE_NONE:
                    escape = True
                elif letter == dialect.quotechar:
                    escape = not dialect.doublequote
                    quote = quote or not escape
                    if not escape:
                        parts.append(letter)
                else:
                    escape, quote = False, True
                if escape:
                    if dialect.escapechar is None:
                        raise _csv.Error("need to escape, but no escapechar set")
                    parts.append(dialect.escapechar)
            parts.append(letter)
        if alone and not text and quoting != _csv.QUOTE_NONE:
            quote = True
        body = "".join(parts)
        return dialect.quotechar + body + dialect.quotechar if quote else body
