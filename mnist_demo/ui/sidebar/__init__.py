"""The parts beside every page: settings, what a run will cost, where the digits come from."""
