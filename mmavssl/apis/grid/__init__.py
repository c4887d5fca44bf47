"""Grids of configs and seeds: what is run, its results, and their tables and plots."""
