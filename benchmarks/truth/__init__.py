"""Does a simulation say what is known exactly? Cases with known figures, simulated and compared."""
