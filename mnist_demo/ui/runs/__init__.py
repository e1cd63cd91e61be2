"""The page “Runs”: saved runs, listed, opened, renamed, exported, deleted."""
