"""What the kernel's accounting says of a process and its children."""

import os
from dataclasses import dataclass

TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CPU:
    """Seconds of processor time: the sum to the nanosecond, its parts as far as the kernel's ticks tell."""

    total: float = 0.0
    user_ticks: float = 0.0
    system_ticks: float = 0.0

    def __add__(self, other):
        return CPU(
            self.total + other.total,
            self.user_ticks + other.user_ticks,
            self.system_ticks + other.system_ticks,
        )

    def __sub__(self, other):
        return CPU(
            self.total - other.total,
            self.user_ticks - other.user_ticks,
            self.system_ticks - other.system_ticks,
        )

    @property
    def user(self):
        ticks = self.user_ticks + self.system_ticks
        return self.total * self.user_ticks / ticks if ticks > 0 else 0.0

    @property
    def system(self):
        return self.total - self.user


def family(pid):
    """The process and everything below it."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as file:
                    found += [int(child) for child in file.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def cpu_of(pid):
    """User and system time of all threads of the family, now."""
    total = CPU()
    for member in family(pid):
        try:
            for task in os.listdir(f"/proc/{member}/task"):
                with open(f"/proc/{member}/task/{task}/stat") as file:
                    # The command's name may hold anything: count from behind its closing bracket.
                    values = file.read().rpartition(")")[2].split()
                user, system = int(values[11]) * TICK, int(values[12]) * TICK
                total += CPU(_exact(member, task, user + system), user, system)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def _exact(member, task, otherwise):
    """Seconds on a processor from the scheduler, in nanoseconds; the ticks where a kernel keeps no such book."""
    try:
        with open(f"/proc/{member}/task/{task}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return otherwise


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
