"""What is kept: MongoDB, units of work, sealing, leases, and how long."""
