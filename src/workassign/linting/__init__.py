"""The rooms of `lint`: each looks for one kind of trouble, in settings alone."""
