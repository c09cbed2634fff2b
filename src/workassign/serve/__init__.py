"""What keeps a desk going in an application: an event loop, a thread that minds the time, a steady clock."""
