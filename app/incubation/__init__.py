"""Where firms come from and who helps them start: carriers, services, spin-offs, founders."""
