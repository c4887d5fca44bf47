"""Names of an algorithm's networks, by which configs, metrics and checkpoints call them."""

#: The first one is taken where nothing else is said.
ROLES = ('student', 'teacher')
