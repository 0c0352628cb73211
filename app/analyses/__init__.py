"""What the register tells when it is divided: structure, conversion, time, flows, concentration."""
