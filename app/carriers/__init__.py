"""Incubation as it is run: carriers, who enters, moves up, graduates and leaves, performance."""
