"""Training in other processes, seen from the process that asked for it."""
