# needs: python3
# A virtual environment made inside, its scripts, the standard tools.
python3 -m venv --without-pip environment; environment/bin/python -c 'import sys; print(sys.prefix != sys.base_prefix)'
. environment/bin/activate; command -v python | sed "s|$PWD/||"; deactivate
mkdir package; echo 'def add(a, b): "add" ; return a + b' > package/__init__.py
printf 'import unittest\nfrom package import add\nclass T(unittest.TestCase):\n def test(self): self.assertEqual(add(1, 2), 3)\n def test_bad(self): self.fail()\n' > test_x.py
export PYTHONDONTWRITEBYTECODE=1
python3 -m unittest 2>&1 | grep -E '^(FAIL|OK|F)'; python3 -m compileall -q package; ls package/__pycache__ | wc -l; rm -r package/__pycache__
python3 -m zipfile -c z.zip hello.txt; python3 -m zipfile -t z.zip; rm z.zip
python3 -m json.tool <<< '{"a": [1]}'
python3 -c 'import concurrent.futures as c; print(sum(c.ProcessPoolExecutor(2).map(abs, range(-9, 0))))' 2> /dev/null  # 3.11 may complain at its end, natively too
python3 -c 'import os; os.abort()' 2> /dev/null; echo $?; python3 -c 'import signal; signal.setitimer(signal.ITIMER_REAL, 0.3); signal.pause()'; echo $?
rm -r environment
