"""`csv`: rows read and written, odd ones too, the same with the standard library's and the guest's."""

import copy
import csv
import io
import itertools
import pickle
import random


def attempt(name, call, *args, **named):
    try:
        result = call(*args, **named)
    except csv.Error as error:
        result = "csv.Error"
    except Exception as error:
        result = type(error).__name__
    print(name, result)


OPTIONS = [
    {},
    {"delimiter": ";"},
    {"quotechar": "'"},
    {"quoting": csv.QUOTE_ALL},
    {"quoting": csv.QUOTE_NONNUMERIC},
    {"quoting": csv.QUOTE_NONE, "escapechar": "\\"},
    {"doublequote": False, "escapechar": "\\"},
    {"skipinitialspace": True},
    {"strict": True},
    {"lineterminator": "\n"},
    {"escapechar": "/"},
    {"quoting": csv.QUOTE_NONE},
    {"dialect": "excel-tab"},
    {"dialect": "unix"},
    {"quotechar": None, "escapechar": "\\"},
    {"quotechar": None, "quoting": csv.QUOTE_MINIMAL},
    {"delimiter": None},
    {"quoting": None},
    {"lineterminator": None},
    {"doublequote": None, "strict": None, "escapechar": "\\"},
    {"dialect": "excel", "quotechar": None},
]


def read(text, options):
    reader = csv.reader(io.StringIO(text, newline=""), **options)
    return list(reader), reader.line_num


def write(rows, options):
    text = "".join(str(field) for row in rows for field in row)
    if options.get("escapechar", "none") in text or ("\r" in text and "lineterminator" in options):
        return "differs between versions of Python"
    out = io.StringIO(newline="")
    csv.writer(out, **options).writerows(rows)
    return repr(out.getvalue())


TEXTS = [
    "",
    "\n",
    "a,b\r\nc,d\r\n",
    'a,"b,c","d""e"\n',
    '"a\nb",c\n',
    'a,"open',
    "a\rb\n",
    " a, b\n",
    "x;y;'z;'\n",
    '"a"b,c\n',
    "a\\,b,c\\\nd\n",
    '1,2.5,"x"\n',
    ",\n,,\n",
    "\n\na\n",
    "a/,b,c\n",
]
for text, options in itertools.product(TEXTS, OPTIONS):
    attempt("%r %r" % (text, sorted(options)), read, text, options)
ROWS = [
    [],
    [""],
    ["", ""],
    ["a", 'b"c', "d,e"],
    ["line\nbreak", "\r"],
    [1, 2.5, None],
    [" a", "b "],
    ["a/b", "a\\b"],
    ["'", ";"],
    [True, b"x"],
]
for row, options in itertools.product(ROWS, OPTIONS):
    attempt("%r %r" % (row, sorted(options)), write, [row], options)
chance = random.Random(7)
for number in range(300):
    text = "".join(chance.choice("ab,;\"' \n\\/\r1") for _ in range(chance.randrange(1, 14)))
    options = OPTIONS[number % len(OPTIONS)]
    attempt(number, read, text, options)
    attempt(number, write, [[text, text[::-1]], [text]], options)
attempt("bytes", lambda: list(csv.reader([b"a"])))
attempt("no write", csv.writer, 3)
attempt("no row", csv.writer(io.StringIO()).writerow, 3)
for wrong in (
    {"delimiter": ""},
    {"delimiter": "ab"},
    {"quoting": 9},
    {"quoting": "x"},
    {"quotechar": "xx"},
    {"nonsense": 1},
    {"delimiter": 3},
    {"lineterminator": 3},
    {"dialect": "unknown"},
):
    attempt(sorted(wrong), csv.reader, [], **wrong)
csv.register_dialect("mine", delimiter="|", quoting=csv.QUOTE_ALL)
print(csv.list_dialects(), csv.get_dialect("mine").delimiter, read("a|b\n", {"dialect": "mine"}))
csv.unregister_dialect("mine")
attempt("gone", csv.get_dialect, "mine")
attempt("gone", csv.unregister_dialect, "mine")
print(csv.field_size_limit(), csv.field_size_limit(3), csv.field_size_limit())
attempt("long", read, "abc,abcd\n", {})
csv.field_size_limit(1 << 17)
print([dict(row) for row in csv.DictReader(["a,b", "1,2", "3"])])
out = io.StringIO()
sheet = csv.DictWriter(out, ["x", "y"])
sheet.writeheader()
sheet.writerow({"x": 1, "y": "z"})
print(repr(out.getvalue()), csv.Sniffer().sniff("a;b;c\n1;2;3\n").delimiter)
print(csv.reader([]).dialect.delimiter, csv.excel().delimiter, isinstance(csv.excel(), csv.Dialect))

# what cannot be done with a dialect
dialect = csv.reader([]).dialect
attempt("delete", delattr, dialect, "delimiter")
attempt("change", setattr, dialect, "delimiter", ";")
attempt("copy", copy.copy, dialect)
attempt("pickle", pickle.dumps, dialect)
attempt("limit", csv.field_size_limit, None)
attempt("no quoting", csv.register_dialect, "odd", quoting=None)
