"""One measurement a module: each has a function that yields its figures; `benchmarks.catalogue` lists them all."""
