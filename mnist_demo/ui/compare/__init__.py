"""The page “Compare”: several runs on one chart, and forks of a run."""
