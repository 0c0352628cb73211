"""A firm's own door: what a firm sees, proposes and answers by a link, without an account."""
