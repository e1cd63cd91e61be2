"""Drivers of measurements: programs, a timed page, visitors without browsers, memory, limits."""
