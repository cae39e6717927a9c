#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds up what `meson test` recorded and says it in one line: "N passed, N failed" (", N skipped").

A test that speaks TAP counts as many as it has cases. A case that was skipped for want of the shared networks and
pictures, although they are there, counts as failed: silence must not pass for success.

Usage: summary.py [--failed-steps N] TESTLOG.json...
"""
import argparse
import json
import os
import re
import sys

CASE = re.compile(r"^(not )?ok\b(.*)$", re.M)
SKIP = re.compile(r"#\s*SKIP\b\s*(.*)", re.I)
SHARED = re.compile(r"shared|TAPETUM_SHARED_DATA", re.I)


def count(record, have_shared):
    """Returns passed, failed and skipped cases of one record, and lines to tell."""
    passed = failed = skipped = 0
    told = []
    name = record["name"]
    for bad, rest in CASE.findall(record.get("stdout") or ""):
        skip = SKIP.search(rest)
        if bad:
            failed += 1
            told.append(f"{name}: not ok{rest}")
        elif skip and have_shared and SHARED.search(skip.group(1)):
            failed += 1
            told.append(f"{name}: skipped, although the data is there:{rest}")
        elif skip:
            skipped += 1
        else:
            passed += 1
    result = record["result"]
    if result in ("OK", "EXPECTEDFAIL"):
        if passed + failed + skipped == 0:
            passed = 1
    elif result == "SKIP":
        if passed + failed + skipped == 0:
            skipped = 1
    elif failed == 0:  # crashed, timed out, or ended with a bad status after good cases
        failed = 1
        told.append(f"{name}: {result}")
    return passed, failed, skipped, told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--failed-steps", type=int, default=0)
    parser.add_argument("logs", nargs="*")
    arguments = parser.parse_args()
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    have_shared = os.path.isdir(os.path.join(root, "..", "shared", "data", "models"))

    passed, failed, skipped = 0, arguments.failed_steps, 0
    for log in arguments.logs:
        records = []
        if os.path.exists(log):
            with open(log, encoding="utf-8", errors="replace") as stream:
                records = [json.loads(line) for line in stream if line.strip()]
        if not records:
            failed += 1
            print(f"{log}: no test ran", file=sys.stderr)
        for record in records:
            p, f, s, told = count(record, have_shared)
            passed, failed, skipped = passed + p, failed + f, skipped + s
            for line in told:
                print(f"{log}: {line}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


sys.exit(main())
