#!/usr/bin/env python3
"""Writes reference.txt: fire times computed minute by minute, by another cron library (croniter) and another database of time
zones (zoneinfo). Which wall-clock times match is asked of croniter; which of them there are is walked here."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from croniter import croniter

EXPRESSIONS = ["30 2 * * *", "0 0 * * *", "15 0,1,2,3 * * *", "*/20 * * * *", "10 */2 * * *", "45 23 30 * *", "* 2 * * 0"]
CASES = [
    ("Europe/Berlin", "2026-03-28T12:00", 2), ("Europe/Berlin", "2026-10-24T12:00", 2),
    ("America/New_York", "2026-03-07T12:00", 2), ("America/New_York", "2026-10-31T12:00", 2),
    ("Australia/Lord_Howe", "2026-04-04T00:00", 2), ("Australia/Lord_Howe", "2026-10-03T00:00", 2),
    ("Pacific/Apia", "2011-12-29T00:00", 3), ("America/Sao_Paulo", "2018-11-03T12:00", 2),
    ("America/Sao_Paulo", "2019-11-02T12:00", 2), ("Europe/Istanbul", "2016-10-29T12:00", 2),
    ("Asia/Pyongyang", "2015-08-14T00:00", 2), ("Asia/Pyongyang", "2018-05-04T00:00", 2),
    ("America/Caracas", "2016-04-30T12:00", 2), ("Europe/Lisbon", "1996-03-30T12:00", 2),
    ("Europe/Moscow", "2014-10-25T12:00", 2), ("Asia/Kathmandu", "2026-01-01T00:00", 1),
]


def fires(expression, zone, begin, days):
    fixed = "*" not in "".join(expression.split()[:2])
    shown, found = None, []
    matches = {}

    def match(wall):
        if wall not in matches:
            matches[wall] = croniter.match(expression, wall)
        return matches[wall]

    for minute in range(days * 24 * 60):
        at = begin + timedelta(minutes=minute)
        wall = at.astimezone(zone).replace(tzinfo=None)
        left_out = []
        if shown is not None:
            skipped = shown + timedelta(minutes=1)
            while skipped < wall:
                left_out.append(skipped)
                skipped += timedelta(minutes=1)
        again = shown is not None and wall <= shown
        if fixed:
            fired = any(match(one) for one in left_out) or (match(wall) and not again)
        else:
            fired = match(wall)
        shown = wall if shown is None or not again or not fixed else shown
        if fired:
            found.append(at.strftime("%Y-%m-%dT%H:%MZ"))
    return found


with open("reference.txt", "w") as out:
    for zone, begin, days in CASES:
        begin = datetime.fromisoformat(begin).replace(tzinfo=timezone.utc)
        for expression in EXPRESSIONS:
            found = fires(expression, ZoneInfo(zone), begin, days)
            end = (begin + timedelta(days=days)).strftime("%Y-%m-%dT%H:%MZ")
            first = begin.strftime("%Y-%m-%dT%H:%MZ")
            out.write(f"{expression}|{zone}|{first}|{end}|{' '.join(found)}\n")
