"""A run in the formats of other programs, and as a script that repeats it without this one."""
