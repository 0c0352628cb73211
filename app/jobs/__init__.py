"""Work for later: left in the transaction that makes it necessary, done by the worker."""
