"""What networks and inboxes send, as mentions: one file a network; `reading` is the door."""
