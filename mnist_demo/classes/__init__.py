"""A class: a teacher and her pupils, the runs and drawings that join it, and who may do what in it."""
