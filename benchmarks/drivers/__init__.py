"""What measurements drive and read: programs, a timed page, visitors without browsers, memory, limits."""
