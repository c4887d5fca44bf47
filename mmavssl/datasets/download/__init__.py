"""Fetch the published data sets; ``mmavssl.datasets.preparation`` makes lists of what is there."""
