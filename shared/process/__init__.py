"""What a process is put together from: its host, its loops and jobs, and what the operator sees of it."""
