# SPDX-License-Identifier: GPL-2.0-only
"""A chart of what a decision costs against the number of rules, as SVG."""

import math

WIDTH, HEIGHT = 800, 480
LEFT, RIGHT, TOP, BOTTOM = 78, 190, 62, 62

C_COLOUR, RUST_COLOUR = "#c2410c", "#1d4ed8"
INK, FAINT, GRID = "#1f2937", "#6b7280", "#e5e7eb"

# The lines of the chart: kernel, object, label, colour, dashes.
SERIES = (
    ("c", "fsverity-last", "C, fs-verity file", C_COLOUR, ""),
    ("c", "initramfs", "C, plain file", C_COLOUR, "5 4"),
    ("rust", "fsverity-last", "Rust, fs-verity file", RUST_COLOUR, ""),
    ("rust", "initramfs", "Rust, plain file", RUST_COLOUR, "5 4"),
)


def label(value):
    return f"{value:,}"


def points(decisions, kernel, subject):
    """Number of rules and cost, of mmap under the policies of digests."""
    return sorted(
        (entry["rules"], entry[kernel])
        for entry in decisions
        if entry["call"] == "mmap"
        and entry["subject"] == subject
        and entry["family"] == "digest"
        and entry["verdict"] == "allow"
        and entry.get(kernel)
    )


class Scale:
    """Powers of ten along an axis."""

    def __init__(self, least, most, begin, end):
        self.low, self.high = math.floor(math.log10(least)), math.ceil(math.log10(most))
        self.begin, self.end = begin, end

    def __call__(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.begin + part * (self.end - self.begin)

    def ticks(self):
        return [10**power for power in range(self.low, self.high + 1)]


def text(x, y, content, anchor="start", colour=INK, size=13, weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size}" font-weight="{weight}">{content}</text>'
    )


def line(x1, y1, x2, y2, colour, extra=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {extra}/>'


def draw(decisions, refused):
    """`refused` are the numbers of rules of the policies that C does not load."""
    series = [(points(decisions, kernel, subject), *rest) for kernel, subject, *rest in SERIES]
    every = [point for data, *_ in series for point in data]
    x = Scale(1, max(rules for rules, _ in every), LEFT, WIDTH - RIGHT)
    y = Scale(min(cost for _, cost in every), max(cost for _, cost in every), HEIGHT - BOTTOM, TOP)

    parts = [
        "<!-- SPDX-License-Identifier: GPL-2.0-only -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="DejaVu Sans, Verdana, sans-serif">',
        "<title>What IPE adds to mmap(PROT_EXEC), by the number of rules</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        text(LEFT, 28, "What IPE adds to mmap(PROT_EXEC)", size=17, weight="bold"),
        text(LEFT, 48, "instructions, by the number of fsverity_digest rules", colour=FAINT),
    ]
    for tick in y.ticks():
        parts.append(line(LEFT, y(tick), WIDTH - RIGHT, y(tick), GRID))
        parts.append(text(LEFT - 8, y(tick) + 4, label(tick), "end", FAINT))
    for tick in x.ticks():
        parts.append(line(x(tick), TOP, x(tick), HEIGHT - BOTTOM, GRID))
        parts.append(text(x(tick), HEIGHT - BOTTOM + 20, label(tick), "middle", FAINT))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, "rules in the policy", "middle", FAINT))

    for (data, name, colour, dashes), (kernel, *_) in zip(series, SERIES):
        if not data:
            continue
        path = " ".join(f"{x(rules):.1f},{y(cost):.1f}" for rules, cost in data)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.2" '
            f'stroke-dasharray="{dashes}"/>'
        )
        for rules, cost in data:
            parts.append(f'<circle cx="{x(rules):.1f}" cy="{y(cost):.1f}" r="3.4" fill="{colour}"/>')
        rules, cost = data[-1]
        at = x(rules) + 12
        parts.append(text(at, y(cost) - 1, name, colour=colour, weight="bold"))
        note = f"{label(cost)} at {label(rules)}"
        if kernel == "c" and refused:
            note += f", {label(refused[0])} are refused"
        parts.append(text(at, y(cost) + 14, note, colour=FAINT, size=12))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
