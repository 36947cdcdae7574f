"""Ending processes."""

import subprocess


def end(process, seconds=5):
    """Terminates a process if it still runs; kills it if that does not help."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
