"""Who wrote: how far it carries what she says, and what is known of her."""
