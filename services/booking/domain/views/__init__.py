"""What people look at: a day, a resource's use, a calendar to subscribe to."""
