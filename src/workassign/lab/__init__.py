"""Days of work under a virtual clock: simulation, figures, reports."""
