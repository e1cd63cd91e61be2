"""The page “Train and draw”: control a run, watch it, and draw for it."""
