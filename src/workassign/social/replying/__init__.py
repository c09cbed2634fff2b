"""What is said without an agent, whom a mention concerns, which desk is there."""
