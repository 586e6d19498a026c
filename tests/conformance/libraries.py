"""Much of the standard library imports and works."""

import importlib
import sys

NAMES = """abc argparse array ast asyncio base64 bisect bz2 calendar cmath codecs collections colorsys
concurrent.futures configparser contextlib copy csv ctypes curses dataclasses datetime decimal difflib dis
doctest email enum fileinput fnmatch fractions functools gettext getpass glob graphlib gzip hashlib heapq
hmac html http.client http.cookies imaplib inspect io ipaddress itertools json keyword linecache locale
logging lzma mailbox mimetypes mmap multiprocessing numbers operator optparse pathlib pdb pickle platform
plistlib poplib pprint profile pty pydoc queue random re readline reprlib resource runpy sched secrets select
selectors shelve shlex shutil signal site smtplib socket socketserver sqlite3 ssl stat statistics string
struct subprocess symtable sysconfig syslog tarfile tempfile termios textwrap threading timeit tokenize tomllib
trace traceback tracemalloc tty types typing unicodedata unittest urllib.request uuid venv warnings wave weakref
webbrowser wsgiref xml.dom.minidom xml.etree.ElementTree xmlrpc.client zipapp zipfile zipimport zlib zoneinfo"""
for name in NAMES.split():
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, "cannot be imported:", error)
import decimal
import hashlib
import random
import ssl
import uuid
import zoneinfo
from datetime import UTC, datetime

decimal.getcontext().prec = 50
print(decimal.Decimal(2).sqrt())
print(hashlib.sha256(b"x").hexdigest(), hashlib.new("md5", b"x").hexdigest())
print(ssl.OPENSSL_VERSION, ssl.create_default_context().verify_mode)
print(len(ssl.create_default_context().get_ca_certs()) >= 0)
random.seed(1)
print(random.random(), len(random.SystemRandom().randbytes(5)), uuid.UUID(int=5))
print(datetime.fromtimestamp(0, UTC), datetime(2026, 7, 1, tzinfo=UTC).astimezone().tzname())
try:
    print(datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).isoformat())
except zoneinfo.ZoneInfoNotFoundError:
    print("no time zones here")
print(sys.version_info[:2], sys.flags.dev_mode, sys.getfilesystemencoding())
