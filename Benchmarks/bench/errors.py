"""What goes wrong with one peer and ends only its own row."""


class BenchError(Exception):
    """One line that says what is wrong; the other peers and shapes go on."""
