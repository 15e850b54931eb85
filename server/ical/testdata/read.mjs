// Expands a calendar by ical.js: one line an occurrence, as read.py does.
import { readFileSync } from "node:fs";
const { default: ICAL } = await import(process.argv[2]);
const [, , , file, from, to] = process.argv;
const cal = new ICAL.Component(ICAL.parse(readFileSync(file, "utf8")));
for (const zone of cal.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
const all = cal.getAllSubcomponents("vevent");
const start = new Date(from + "Z"), end = new Date(to + "Z");
const found = [];
const masters = all.filter((e) => !e.hasProperty("recurrence-id"));
for (const component of masters) {
  const event = new ICAL.Event(component);
  for (const other of all) {
    if (other.hasProperty("recurrence-id") && other.getFirstPropertyValue("uid") === event.uid) event.relateException(other);
  }
  if (!event.isRecurring()) {
    found.push([event.startDate.toJSDate(), component.getFirstPropertyValue("status")]);
    continue;
  }
  const next = event.iterator();
  for (let day = next.next(), n = 0; day && n < 2000; day = next.next(), n++) {
    if (day.toJSDate() > end) break;
    const details = event.getOccurrenceDetails(day);
    found.push([details.startDate.toJSDate(), details.item.component.getFirstPropertyValue("status")]);
  }
}
found.filter(([at]) => at >= start && at < end).sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1))
  .forEach(([at, status]) => console.log(at.toISOString().slice(0, 16) + "Z " + status));
