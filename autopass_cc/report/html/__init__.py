"""Pages for people: one self-contained HTML file each, with inline SVG, no script, and nothing fetched from anywhere.

Geometry is made in Python (`scale`, `figures`, `forest`), markup in `templates/`. Widths are per cent of the paper and heights
are pixels, so a plot fills a phone and a desktop alike while its text keeps its size: a viewBox would shrink both.
"""
