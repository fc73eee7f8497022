"""Steps per second of Python libraries on the problems of test/bench/engine/problems.ts, on the CPU in float32.

    peers.py --versions                     versions of the libraries as one JSON object
    peers.py --case A:mgda:2 --seconds 4    problem, method, threads: one JSON line for each engine that has the method

`--libmtl FOLDER` names a checkout of LibMTL, whose weightings then are engines too. A step sets gradients to nothing, and makes a batch of 256,
forward, losses, backward, balancing and Adam on all parameters. The engines of a case are timed in turns, so that a busy moment meets all of them.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import statistics
import sys
import time
import types
import warnings

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--versions", action="store_true")
parser.add_argument("--case")
parser.add_argument("--seconds", type=float, default=4.0)
parser.add_argument("--libmtl")
arguments = parser.parse_args()

problem, method, threads = (arguments.case or "A:equal:1").split(":")
# Read once, when the libraries are loaded.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = threads


def missing(package, install):
    sys.exit(f'The interpreter {sys.executable} has no package "{package}". Install it with: {sys.executable} -m pip install {install}')


for package, install in (("torch", "torch --index-url https://download.pytorch.org/whl/cpu"), ("torchjd", '"torchjd[full]"')):
    if importlib.util.find_spec(package) is None:
        missing(package, install)

import torch
from torch import nn
from torchjd import aggregation, autogram, autojac

# Of solvers, each time they are asked.
warnings.filterwarnings("ignore", module=r"torchjd|cvxpy|ecos")
torch.set_num_threads(int(threads))
torch.set_num_interop_threads(1)

BATCH = 256
BATCHES = 8
REPEATS = 3


def load_libmtl(folder):
    """LibMTL's weightings and its hard parameter sharing. Its package as a whole asks for a GPU and data sets."""
    inner = os.path.join(folder, "LibMTL")
    if not os.path.isdir(os.path.join(inner, "weighting")):
        sys.exit(f"--libmtl: {folder} is no checkout of LibMTL: it has no folder LibMTL/weighting.")
    package = types.ModuleType("LibMTL")
    package.__path__ = [inner]
    sys.modules["LibMTL"] = package
    import LibMTL.weighting
    from LibMTL.architecture.HPS import HPS

    return LibMTL.weighting, HPS


class Problem:
    """Trunk, heads and eight batches of noise; a loss for each task."""

    def __init__(self, name):
        self.tasks = {"A": 3, "B": 2, "C": 10}[name]
        self.name = name
        self.loss = nn.CrossEntropyLoss() if name == "B" else nn.MSELoss()
        source = torch.Generator().manual_seed(7)
        shape = {"A": (64,), "B": (1, 36, 36), "C": (128,)}[name]
        self.inputs = [torch.randn(BATCH, *shape, generator=source) for _ in range(BATCHES)]
        if name == "B":
            self.targets = [[torch.randint(0, 10, (BATCH,), generator=source) for _ in range(self.tasks)] for _ in range(BATCHES)]
            return
        weights = torch.randn(shape[0], self.tasks, generator=source) / shape[0] ** 0.5
        noisy = [torch.tanh(x @ weights) + 0.1 * torch.randn(BATCH, self.tasks, generator=source) for x in self.inputs]
        self.targets = [list(y.split(1, dim=1)) for y in noisy]

    def model(self):
        torch.manual_seed(1)
        trunk = {
            "A": lambda: nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU()),
            "B": lambda: nn.Sequential(
                *(nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU()),
                *(nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU()),
                *(nn.Flatten(), nn.Linear(720, 50), nn.ReLU()),
            ),
            "C": lambda: nn.Sequential(nn.Linear(128, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU()),
        }[self.name]()
        head = {
            "A": lambda: nn.Sequential(nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 1)),
            "B": lambda: nn.Sequential(nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 10)),
            "C": lambda: nn.Linear(512, 1),
        }[self.name]
        return trunk, nn.ModuleList([head() for _ in range(self.tasks)])

    def losses(self, heads, features, targets):
        return [self.loss(head(features), target) for head, target in zip(heads, targets)]


def stepper(given, backward):
    """A training of a model of its own; `backward(trunk, heads, features, losses)` fills in the gradients."""
    trunk, heads = given.model()
    optimizer = torch.optim.Adam([*trunk.parameters(), *heads.parameters()], lr=1e-3)
    backward = backward(trunk, heads)

    def step(x, targets):
        optimizer.zero_grad()
        features = trunk(x)
        losses = given.losses(heads, features, targets)
        backward(features, losses)
        optimizer.step()
        return losses

    return step


def summed(_trunk, _heads):
    return lambda _features, losses: sum(losses).backward()


def one_by_one(trunk, _heads):
    """A backward pass a task. The gradients are added up in place: what any method with gradients of its own per task must do at least."""

    def backward(_features, losses):
        for position, loss in enumerate(losses):
            loss.backward(retain_graph=position + 1 < len(losses))

    return backward


def on_trunk(aggregator):
    """Gradients of the trunk are aggregated; a head has its own task's."""

    def prepare(trunk, _heads):
        def backward(features, losses):
            autojac.mtl_backward(losses, features=features)
            autojac.jac_to_grad(trunk.parameters(), aggregator)

        return backward

    return prepare


def on_everything(aggregator):
    """Gradients of all parameters are aggregated."""

    def prepare(trunk, heads):
        everything = [*trunk.parameters(), *heads.parameters()]

        def backward(_features, losses):
            autojac.backward(losses)
            autojac.jac_to_grad(everything, aggregator)

        return backward

    return prepare


def by_gramian(weighting):
    """The Gram matrix without the gradients, then one weighted backward pass, which weighs the heads too."""

    def prepare(trunk, _heads):
        engine = autogram.Engine(trunk, batch_dim=None)

        def backward(_features, losses):
            stacked = torch.stack(losses)
            stacked.backward(weighting(engine.compute_gramian(stacked)))

        return backward

    return prepare


def libmtl_stepper(given, weightings, sharing, name, options):
    trunk, heads = given.model()
    names = [f"task{task}" for task in range(given.tasks)]
    weighting = getattr(weightings, name)

    class Model(sharing, weighting):
        def __init__(self):
            sharing.__init__(self, names, lambda: trunk, nn.ModuleDict(dict(zip(names, heads))), False, False, torch.device("cpu"))
            self.init_param()

    model = Model()
    model.epoch = 0
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step(x, targets):
        outputs = model(x)
        losses = torch.zeros(given.tasks)
        for task, key in enumerate(names):
            losses[task] = given.loss(outputs[key], targets[task])
        # Its weightings read gradients of all parameters, so there must be some.
        optimizer.zero_grad(set_to_none=False)
        model.backward(losses, **options)
        optimizer.step()
        return list(losses)

    return step


def engines(given):
    """By name, how each engine that has the method is made; and what must be known to compare it."""
    found = {}
    notes = {}
    if method == "equal":
        found["torch sum"] = lambda: stepper(given, summed)
    elif method == "adatask":
        found["torch backward passes"] = lambda: stepper(given, one_by_one)
        notes["torch backward passes"] = "No library here has AdaTask: K plain backward passes and one Adam, less than AdaTask takes."
    else:
        made = {
            "mgda": (lambda: aggregation.MGDA(), lambda: aggregation.MGDAWeighting()),
            "pcgrad": (lambda: aggregation.PCGrad(), lambda: aggregation.PCGradWeighting()),
            "cagrad": (lambda: aggregation.CAGrad(c=0.4), lambda: aggregation.CAGradWeighting(c=0.4)),
            # Its weights are part of its aggregator alone.
            "nash-mtl": (lambda: aggregation.NashMTL(n_tasks=given.tasks), None),
        }.get(method)
        if made is None:
            sys.exit(f'No engine here has the method "{method}".')
        aggregator, weighting = made
        found["torchjd mtl_backward"] = lambda: stepper(given, on_trunk(aggregator()))
        found["torchjd backward"] = lambda: stepper(given, on_everything(aggregator()))
        if weighting is not None:
            found["torchjd autogram"] = lambda: stepper(given, by_gramian(weighting()))
    if arguments.libmtl is not None:
        weightings, sharing = load_libmtl(arguments.libmtl)
        named = {
            "equal": ("EW", {}),
            "mgda": ("MGDA", {"mgda_gn": "none"}),
            "pcgrad": ("PCGrad", {}),
            "cagrad": ("CAGrad", {"calpha": 0.4, "rescale": 1}),
            "nash-mtl": ("Nash_MTL", {"update_weights_every": 1, "optim_niter": 20, "max_norm": 1.0}),
        }.get(method)
        if named is not None:
            found["libmtl"] = lambda: libmtl_stepper(given, weightings, sharing, *named)
    return found, notes


def during(step, given, seconds, least):
    start = time.perf_counter()
    count = 0
    losses = []
    while count < least or time.perf_counter() - start < seconds:
        losses = step(given.inputs[count % BATCHES], given.targets[count % BATCHES])
        count += 1
    return count, losses


def versions():
    named = {"python": sys.version.split()[0], "torch": torch.__version__, "torchjd": importlib.metadata.version("torchjd")}
    if arguments.libmtl is not None:
        load_libmtl(arguments.libmtl)
        named["libmtl"] = "source checkout"
    return named


def measure():
    given = Problem(problem)
    found, notes = engines(given)
    figures = {name: {"runs": [], "cpu": [], "losses": []} for name in found}
    failed = {}
    steppers = {}
    for name, make in found.items():
        try:
            steppers[name] = make()
            during(steppers[name], given, 1.0, 5)
        # What an engine cannot do is told in its line; the others go on.
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"[:300]
    for _ in range(REPEATS):
        for name, step in steppers.items():
            if name in failed:
                continue
            start, cpu = time.perf_counter(), time.process_time()
            count, losses = during(step, given, arguments.seconds / REPEATS, 3)
            elapsed = time.perf_counter() - start
            figures[name]["runs"].append(count / elapsed)
            figures[name]["cpu"].append((time.process_time() - cpu) / elapsed)
            figures[name]["losses"] = [round(float(loss.detach()), 5) for loss in losses][:3]
    for name in found:
        line = {"problem": problem, "threads": int(threads), "engine": name, "method": method, "batch": BATCH, "tasks": given.tasks}
        if name in failed:
            line["error"] = failed[name]
        else:
            line["steps_per_s"] = round(statistics.median(figures[name]["runs"]), 2)
            line["runs"] = [round(run, 2) for run in figures[name]["runs"]]
            line["cpu_per_wall"] = [round(share, 2) for share in figures[name]["cpu"]]
            line["last_losses"] = figures[name]["losses"]
        if name in notes:
            line["note"] = notes[name]
        line["loadavg1"] = round(os.getloadavg()[0], 2)
        print(json.dumps(line), flush=True)


if arguments.versions:
    print(json.dumps(versions()))
elif arguments.case is None:
    parser.error("--case or --versions is needed.")
else:
    measure()
