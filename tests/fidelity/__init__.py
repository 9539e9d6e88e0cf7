"""One differential harness: real clang and autopass-cc do the same in the same place, and nobody can tell which was which.

`rows_*.py` hold the situations that compiler wrappers meet in the field, numbered 1 to 104; `elsewhere.py` says which rows
other tests hold, and which do not exist on Linux. `test_rows.py` runs every case in three states of autopass.
"""
