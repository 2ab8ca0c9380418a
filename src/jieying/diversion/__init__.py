"""Not ours, or not ours alone: what is handed to another service, until it is taken or comes back."""
