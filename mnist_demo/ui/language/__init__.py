"""The language of a visitor: where it comes from, and the switch that changes it in place."""
