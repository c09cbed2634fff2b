"""What do people use instead to give work to whoever is free, and how fast is that?"""
