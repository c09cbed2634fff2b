"""What does the report's page look like, and what does it say around the figures?"""

from __future__ import annotations

from string import Template

__all__ = [
    "EFFECTS",
    "FAIRNESS",
    "FORMULAS",
    "HOURS",
    "KEYS",
    "LEFT_OUT",
    "MEASURED",
    "MOODS",
    "OFFERS",
    "PAGE",
    "PROMISES",
    "QUEUES",
    "SIMULATED",
    "SYNTHETIC",
    "TEAMS",
    "WAITS",
]

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$title</title>
<style>
:root {
  --ink: #1d2733; --soft: #5b6877; --line: #dde3ea;
  --page: #f5f7f9; --card: #ffffff; --mark: #2f6fb3;
  --font: system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e9ef; --soft: #9aa7b5; --line: #35414d;
    --page: #12181f; --card: #1a222b; --mark: #6ea8e0;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 var(--font); }
main { max-width: 1160px; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { margin: 0 0 .25rem; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 0 0 .25rem; font-size: 1.25rem; }
p { margin: .25rem 0 .75rem; max-width: 75ch; }
.soft { color: var(--soft); }
.note { border-left: 4px solid #d9792b; padding: .5rem .75rem; background: var(--card); }
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr));
  gap: .75rem; margin: 1.25rem 0;
}
.tile, section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.tile { padding: .75rem 1rem; }
.tile b {
  display: block; white-space: nowrap; font-size: 1.4rem; line-height: 1.25;
  font-variant-numeric: tabular-nums;
}
.tile span { color: var(--soft); font-size: .85rem; }
section { padding: 1.1rem 1.25rem 1.25rem; margin: 1rem 0; }
figure { margin: .75rem 0 0; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 620px; height: auto; }
svg text { font-family: var(--font) !important; }
.scroll { overflow-x: auto; }
table {
  border-collapse: collapse; width: 100%; margin: .75rem 0 0;
  font-size: .87rem; font-variant-numeric: tabular-nums;
}
th, td {
  padding: .35rem .45rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line);
}
th:first-child, td:first-child { text-align: left; }
th { color: var(--soft); font-weight: 600; }
tr.sum td { font-weight: 700; }
tr.group th {
  padding-top: .9rem; text-align: left; font-size: .75rem; letter-spacing: .06em; text-transform: uppercase;
}
th.figure { min-width: 11rem; color: var(--ink); font-weight: 400; text-align: left; white-space: normal; }
th.figure small { color: var(--soft); margin-left: .35rem; }
th[title] { cursor: help; }
@media (max-width: 600px) { th.figure small { display: block; margin: 0; } }
p.after { margin-top: .9rem; }
h3 { margin: 1.25rem 0 0; font-size: 1rem; }
td.words, th.words { text-align: left; white-space: normal; overflow-wrap: anywhere; }
details { margin-top: .75rem; }
summary { cursor: pointer; color: var(--mark); }
dt { font-weight: 600; margin-top: .5rem; }
dd { margin: 0 0 0 1rem; color: var(--soft); max-width: 75ch; }
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --card: #fff; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  section, .tile { break-inside: avoid; border-color: #bbb; }
  section.long { break-inside: auto; }
  figure svg { min-width: 0; }
  .keys { font-size: 7pt; }
  .keys th, .keys td { padding: .2rem .25rem; }
  .keys thead th { min-width: 5.5em; white-space: normal; overflow-wrap: anywhere; }
  .keys tr.group th { padding-top: .5rem; font-size: 6.5pt; }
  figure, tr { break-inside: avoid; }
}
</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
""")

LEFT_OUT = """\
Each mention leaves at the first stage that takes it, or enters a queue. Two stages lose nothing: what \
goes on with a conversation joins it, and what is nearly the same as something that is there already \
adds its reach to that."""

MEASURED = """\
People had labelled these mentions. No label decided anything; here they are what the screening is \
held against."""

MOODS = """\
Bars: mentions an hour that were happy (above the line) and unhappy (below it), reposts, \
near-duplicates and the brands' own posts left out. Each brand has a scale of its own."""

SYNTHETIC = """\
<p class="note"><b>Synthetic:</b> the file holds neither followers nor customer values, so they were
drawn for each author, seeded; handle times and agents' answers to offers are simulated, too.
Mentions and their times are the file's.</p>"""

SIMULATED = """\
<p class="note"><b>Simulated:</b> handle times and agents' answers to offers are drawn, seeded.</p>"""

QUEUES = (
    "Bars: how many arrived in each hour. Line: the most that waited at once in that hour. In SLA: "
    "the share whose first answer came within the target."
)
WAITS = (
    "Left: half of what arrived in an hour waited at most as long as the p50 line shows, nine in ten "
    "at most as long as the p90 line. Right: how much of each queue had its first answer after how "
    "long (queues with at least 1 % of everything); the dashed line is the target."
)
HOURS = (
    "Left: of what arrived in an hour of the day, the share whose first answer came within the "
    "target. Right: how much of the capacity of all who were signed on was in use. Dashed: over the "
    "whole run."
)
TEAMS = "Occupancy in percent, by team and hour of the day; in brackets how many agents a team has."
EFFECTS = (
    "The same day twice: with the plan's head starts (scored), and first come, first served (FIFO). "
    "The same customers, the same work, the same agents. A group is everything at or above its 90th "
    "percentile: where many are equal, as with a few labels of sentiment, it is far more than a tenth."
)
OFFERS = (
    "What became of every offer that was put before an agent. An offer that is not answered in time "
    "expires; it is taken back when its agent leaves."
)

KEYS = (
    "Read from the journal. What left a queue counts where it had come; of one queue everything counts "
    "each time that it came there, of all queues once for each opening. T is the SLA target of each "
    "interaction, or 20 s where it has none; s is 5 s. Each figure says on hover where it comes from, "
    "in which interval it counts, and what to mind. A dash: nothing happened that it could be made of."
)
PROMISES = (
    "Every SLA target, over all queues. Elapsed is what its clock counted, in the open hours of its "
    "calendar, until it was kept; that of a queue's short sla, first_response, ends with the acceptance. "
    "Attainment = met / (met + missed)."
)
FAIRNESS = (
    "How evenly the handled work of a team is shared among its agents. Gini: 0 even, 1 one agent does "
    "all. Largest / smallest: a dash if somebody handled nothing."
)

FORMULAS = {
    "wait": (
        "from arrival to the first acceptance by an agent, of what was answered; quantiles are interpolated"
    ),
    "in SLA": (
        "within / (within + missed): answered before the target passed, against everything whose "
        "target passed unanswered; what left before that counts on neither side"
    ),
    "answered, abandoned, exited, waiting": (
        "ever accepted; left by the customer before; closed otherwise before; open at the end and "
        "never accepted"
    ),
    "occupancy": (
        "units offered or held, over time, divided by the capacity of whoever was available or busy; "
        "work that is finished after the end of a shift counts on neither side"
    ),
    "peak": "the most that were open at once without ever having been accepted",
    "FIFO": (
        "the same plan without scoring, every queue in order of arrival, on the same day: draws belong "
        "to the interaction, so both runs meet the same customers"
    ),
}
