"""What passes over very large sets take, computed from what a pass was measured to take.

Not an experiment itself. All that it needs to know of the code is written out here: which arrays
of H's size a pass reads and writes, and what workers send each other.
"""

import math

MACHINES = (1, 4, 16, 64)
CORES = 2  # of the machine measured, and of each in the plans
NETS = {"1 Gbit/s": 0.125e9, "10 Gbit/s": 1.25e9}
ITERATIONS = 40
PASSES = ITERATIONS + 3  # the look over V, the first encodings, and the closing fit
H_READ, H_WRITTEN, H_HELD = 2, 2, 4  # arrays of H's size: streamed.py
H_KEPT = 2  # in a checkpoint
FACTS = 32  # bytes of sums that are known of each image: chunks.py
PARTS, LARGEST = 4, 1 << 28  # images a part in a block for dask, and its bytes at most: afar.py
AHEAD = 3  # blocks in memory at a time: chunked.py
FLOAT = 4
MOST = 1000  # machines that are thought of
MANY = 200  # and what is worth a line
MILLION = {"pieces": "256 x 256, rank 100", "n": 10**6}
BILLION = {"pieces": "64 x 64, rank 100", "n": 10**9}
PACK = 10**7  # pictures that go into one pack of the billion
SAMPLE = 10**6  # pictures that the parts of a billion are learned from
MOVIES = 200e9  # bytes


class Job:
    """A set of n pictures like those measured, and what a pass over it takes."""

    def __init__(self, found, name, n):
        one = found["pieces"][name]
        self.n, self.m, self.rank, self.width = n, one["m"], one["rank"], one["width"]
        times = n / one["n"]
        self.stored = one["stored"] * times
        self.step = one["step"]  # of W: once a pass, however many pictures
        share = self.step / one["pass"]
        self.work = one["two"] * (1 - share) * times  # a pass on one machine, without that
        self.encode = one["encode"] * times
        self.H = FLOAT * self.rank * n
        self.W = FLOAT * self.rank * self.m
        self.disk = found["machine"]["read"]
        most = LARGEST // (FLOAT * self.m) // self.width
        self.far = self.width * max(1, min(math.ceil(PARTS * self.rank / self.width), most))
        self.blocks = math.ceil(n / self.far)
        workers = found["workers"]
        self.task = workers.get("task", 0.001)
        # Two processes on one machine, a thread each, and what they send each other
        self.dasked = self.work
        if workers:
            self.dasked = n / workers["asked"]["n"] * (workers["2"] - self.step)

    def shares(self, k):
        """Return the bytes of shares that go from one machine to another in a pass."""
        return self.blocks * self.W * (1 - 1 / k)

    def busy(self, k, rate, shared):
        """Return the seconds that each thing is busy in a pass on k machines.

        `rate` is the network's, in bytes a second; `shared` tells whether V lies on one disk
        there, or whole on a disk of each machine.
        """
        served = self.stored if shared else 0.0
        found = {"work": self.work, "disk": 0.0 if shared else self.stored / k / self.disk}
        if k > 1:
            served += (H_READ + H_WRITTEN) * self.H + k * self.W
            found["work"] = self.dasked / k
            found["blocks"] = self.blocks * 9 / 8 * self.task
            found["shares"] = self.shares(k) / k / rate
        found["server"] = served / rate
        return found

    def passing(self, k, rate, shared):
        """Return the seconds of a pass, and what is busy longest: all go on at a time."""
        busy = self.busy(k, rate, shared)
        slow = max(busy, key=busy.get)
        return busy[slow] + self.step, slow


def costs(found):
    """Return what other ways take, in passes of the usual run, and the time to learn and encode."""
    ways = found["ways"]
    last = found["curves"]["images"][-1]["seconds"]
    return {name: way["seconds"] / last for name, way in ways.items()}


def took(seconds):
    """Return a time in words."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(seconds)} s"


def size(count):
    """Return bytes in words."""
    for unit, one in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= one:
            return f"{_short(count / one)} {unit}"
    return f"{_short(count / 1e3)} kB"


def _short(value):
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def million(found):
    """Return the table of a run on a million pictures, by machines."""
    job, rows = Job(found, MILLION["pieces"], MILLION["n"]), []
    for k in MACHINES:
        cells = [k]
        for shared in (False, True):
            for rate in NETS.values():
                one, slow = job.passing(k, rate, shared)
                cells.append(f"{took(PASSES * one)} ({slow})")
        rows.append(cells)
    ways = [(shared, rate) for shared in (False, True) for rate in NETS.values()]
    rows.append(["what breaks first", *(_gives_way(job, rate, shared) for shared, rate in ways)])
    where = ("own copies", "shared disk")
    return ["machines", *(f"{each}, {net}" for each in where for net in NETS)], rows


def _gives_way(job, rate, shared):
    """Tell from how many machines on another thing than the work is busy longest, and which."""
    for k in range(1, MOST):
        slow = job.passing(k, rate, shared)[1]
        if slow != "work":
            return f"{slow}, from {k} machines"
    return f"nothing up to {MOST} machines"


def limits(found):
    """Return the table of what gives way, and at how many machines."""
    job = Job(found, MILLION["pieces"], MILLION["n"])
    work, rows = job.dasked, []
    for net, rate in NETS.items():
        each = job.blocks * job.W / rate
        if each > work:  # each machine brings its own network, so that no number of them helps
            rows.append([f"shares, {net}", f"{took(each)} / machines", "any"])
        for what, moved in (("V", job.stored), ("H", (H_READ + H_WRITTEN) * job.H)):
            rows.append([f"{what} from a shared disk, {net}", *_at(moved / rate, work)])
    rows.append(["handing out blocks", *_at(job.blocks * 9 / 8 * job.task, work)])
    rows.append(["the step of W, on one machine", *_at(job.step, work)])
    rows = [row for row in rows if row[2] == "any" or int(row[2].replace(",", "")) <= MANY]
    return ["what", "a pass", "as long as the work, with so many machines"], rows


def _at(taken, work):
    return took(taken), f"{max(2, math.ceil(work / taken)):,}"
