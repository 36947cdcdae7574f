"""What the kernel's accounting says of a process and its children."""

import os
from dataclasses import dataclass

TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CPU:
    """Seconds of processor time."""

    user: float = 0.0
    system: float = 0.0

    def __add__(self, other):
        return CPU(self.user + other.user, self.system + other.system)

    def __sub__(self, other):
        return CPU(self.user - other.user, self.system - other.system)

    @property
    def total(self):
        return self.user + self.system


def family(pid):
    """The process and everything below it."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as file:
                    found += [int(child) for child in file.read().split()]
        except FileNotFoundError:
            pass
    return found


def cpu_of(pid):
    """User and system time of all threads, now. The kernel splits in ticks, but its sum is exact."""
    total = CPU()
    for member in family(pid):
        try:
            for task in os.listdir(f"/proc/{member}/task"):
                with open(f"/proc/{member}/task/{task}/stat") as file:
                    # The command's name may hold anything: count from behind its closing bracket.
                    values = file.read().rpartition(")")[2].split()
                total += CPU(int(values[11]) * TICK, int(values[12]) * TICK)
        except FileNotFoundError:
            pass
    return total


def memory_of(pid):
    """Resident bytes of the whole family, shared pages counted once (PSS)."""
    total = 0
    for member in family(pid):
        try:
            with open(f"/proc/{member}/smaps_rollup") as file:
                for line in file:
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total
