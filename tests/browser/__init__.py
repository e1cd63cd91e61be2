"""The drivers that `tests/e2e` and the benchmarks share: the page's server, Chromium, a visitor's page, and the pen.

`server`, `chromium` and `shapes` can be imported without Playwright; `page` and `pen` cannot.
"""
