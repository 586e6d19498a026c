"""pickle, shelve, dbm, json, csv and configparser on files."""

import configparser
import csv
import dbm.dumb
import json
import os
import pickle
import shelve
import sys

sys.path.insert(0, ".")
from attempt import attempt, content

with open("p.pickle", "wb") as file:
    pickle.dump({"a": [1, 2, {3}], "b": (None, 1.5)}, file)
with open("p.pickle", "rb") as file:
    print(pickle.load(file))
database = shelve.Shelf(dbm.dumb.open("shelf", "c"), writeback=True)
database["one"] = [1]
database["one"].append(2)
database.close()
database = shelve.Shelf(dbm.dumb.open("shelf", "r"))
print(dict(database))
database.close()
print(sorted(name for name in os.listdir(".") if name.startswith("shelf")))
with open("j.json", "w") as file:
    json.dump({"key": "välue", "n": [1, None]}, file, indent=1)
with open("j.json") as file:
    print(json.load(file))
with open("c.csv", "w", newline="") as file:
    csv.writer(file).writerows([["a", "b"], [1, 'quoted "x"']])
print(content("c.csv"))
settings = configparser.ConfigParser()
settings.read("app.conf")
settings["server"]["port"] = "8080"
with open("app.conf", "w") as file:
    settings.write(file)
print(content("app.conf"))
attempt("nothing to read", settings.read, "missing.conf")
with open("text.txt", "w", encoding="utf-16") as file:
    file.write("zwölf\r\nBoxkämpfer")
print(content("text.txt"), open("text.txt", encoding="utf-16").read().split())
import fileinput

with fileinput.input("hello.txt", inplace=True, backup=".bak") as lines:
    for line in lines:
        print(line.upper(), end="")
print(content("hello.txt"), content("hello.txt.bak"))
