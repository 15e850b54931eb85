"""Expands a calendar by python's icalendar and dateutil: one line an occurrence, "UTC-start summary-is-cancelled"."""
import sys
from datetime import datetime, timezone
import icalendar
from dateutil.rrule import rrulestr
from dateutil.tz import tzical, UTC

start = datetime.fromisoformat(sys.argv[2]).replace(tzinfo=timezone.utc)
end = datetime.fromisoformat(sys.argv[3]).replace(tzinfo=timezone.utc)
zones = tzical(sys.argv[1])


def zoned(prop):
    """The instant of a property by the calendar's own VTIMEZONE."""
    naive = prop.dt.replace(tzinfo=None)
    tzid = prop.params.get("TZID")
    return naive.replace(tzinfo=zones.get(tzid) if tzid else UTC)


cal = icalendar.Calendar.from_ical(open(sys.argv[1], "rb").read())
events = [e for e in cal.walk("VEVENT")]
overrides = {(str(e["UID"]), zoned(e["RECURRENCE-ID"]).astimezone(timezone.utc)) for e in events if "RECURRENCE-ID" in e}
found = []
for e in events:
    first = zoned(e["DTSTART"])
    status = str(e["STATUS"])
    if "RRULE" not in e:
        found.append((first.astimezone(timezone.utc), status))
        continue
    gone = set()
    ex = e.get("EXDATE", [])
    for one in ex if isinstance(ex, list) else [ex]:
        gone |= {d.dt.replace(tzinfo=first.tzinfo).astimezone(timezone.utc) for d in one.dts}
    rule = rrulestr(e["RRULE"].to_ical().decode(), dtstart=first)
    for day in rule.between(start.astimezone(first.tzinfo), end.astimezone(first.tzinfo), inc=True):
        utc = day.astimezone(timezone.utc)
        if utc not in gone and (str(e["UID"]), utc) not in overrides:
            found.append((utc, status))
for at, status in sorted(found):
    if start <= at < end:
        print(at.strftime("%Y-%m-%dT%H:%MZ"), status)
