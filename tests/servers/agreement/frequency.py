"""Counts how often each directive occurs in the files of a folder; names and counts only, no value leaves it.

    python3 tests/servers/agreement/frequency.py FOLDER > tests/servers/agreement/frequency.tsv
"""

import re
import sys
from collections import Counter
from pathlib import Path

NAME = re.compile(rb"[a-z][a-z0-9-]*")

counts = Counter()
for path in sorted(Path(sys.argv[1]).glob("*.conf")):
    for line in path.read_bytes().splitlines():
        words = line.strip().lower().split()
        if words and NAME.fullmatch(words[0]):
            counts[words[0].decode()] += 1
for name, count in sorted(counts.items()):
    print(f"{name}\t{count}")
