"""From files as people have them to the lists that training reads."""
