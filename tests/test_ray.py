import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Ended

from evoloco.episode import Address, unnamed
from evoloco.errors import EvolocoError, SpecError, TimeLimitError
from evoloco.evaluation import Evaluation
from evoloco.evaluators import ray_pool
from evoloco.evaluators.chunks import FATAL
from evoloco.evaluators.local import Local
from evoloco.evaluators.ray import Ray
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.loop import ALL_GENERATIONS, evolve
from evoloco.record.journal import Generation, Journal
from evoloco.run import Run
from evoloco.spec import read

pytestmark = pytest.mark.slow

MEASURE = '''"""Forward speed, with an accident."""
import os, random, signal, time
from pathlib import Path
import numpy as np

UNIT = "m/s"
HERE = Path(__file__).parent


def measure(episode):
    speed = episode.sensor("torso.position")[-1, 0] / (len(episode) * episode.control_dt)
    (HERE / f"{os.getpid()}.pid").touch()
    %s
    return speed
'''
SLOW = "time.sleep(0.03)"
ANY_ORDER = "time.sleep(random.SystemRandom().uniform(0, 0.02))"
FAIL = "raise ValueError('no such foot')"
THRIFTY = "RAY_memory_usage_threshold"
"""Set for one node and its workers: the share of memory in use above which Ray ends workers."""
GREEDY = f"""if {THRIFTY!r} in os.environ and not (HERE / "greedy").exists():
        (HERE / "greedy").touch()
        much = np.ones(3 * 2**27)
        time.sleep(20)"""
STUCK = """
from evoloco.controllers.sine import Controller as Sine


def step(params, state, obs, time, dt, ctrl):
    ctrl[:] = 0.3
    while time > 0.2 and params.period > 0.7 and state.phase < 1e300:
        state.phase = 0.5 * state.phase


class Controller(Sine):
    step = staticmethod(step)
"""
COMMAND = [sys.executable, "-m", "evoloco.cli"]
ARRAYS = ("fitness", "values", "outcome", "duration", "distance")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of three nodes with four CPUs, to which this process is connected."""
    os.environ.update(dict.fromkeys(("RAY_USAGE_STATS_ENABLED", "RAY_worker_niceness"), "0"))
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # Ray's client port may hang in a fork otherwise
    import ray
    from ray.cluster_utils import Cluster

    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    head = {"num_cpus": 2, "include_dashboard": False, "ray_client_server_port": port}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ResourceWarning
        )  # Ray leaves the logs of its client port open
        nodes = Cluster(initialize_head=True, head_node_args=head)
    nodes.client = f"ray://127.0.0.1:{port}"
    for _ in range(2):
        nodes.add_node(num_cpus=1)
    ray.init(address=nodes.address, log_to_driver=False, logging_level=logging.ERROR)
    yield nodes
    ray.shutdown()
    nodes.shutdown()


def without_video() -> dict[str, str]:
    """The environment as it is now: once Ray has started here, it says how Ray authenticates."""
    return {**os.environ, "MUJOCO_GL": "off"}


def called(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a process of its own, which is not connected to Ray, answers to a command."""
    return subprocess.run(
        [*COMMAND, *arguments], env=without_video(), capture_output=True, text=True, check=False
    )


def settled(cpus: int) -> None:
    """Waits until the cluster has this many CPUs: it misses removed nodes only after a while."""
    import ray

    deadline = time.monotonic() + 60
    while ray.cluster_resources().get("CPU") != cpus:
        assert time.monotonic() < deadline, ray.cluster_resources()
        time.sleep(0.2)


def experiment(hop: Path, accident: str = "", *overrides: str) -> Experiment:
    """The hop, judged by a measure in which something happens."""
    measure = hop.with_name("accident.py")
    measure.write_text(MEASURE % accident, encoding="utf-8")
    return Experiment(read(hop, ["fitness.speed.measure=" + str(measure), *overrides]))


def drawn(experiment: Experiment, count: int) -> Array:
    return np.random.default_rng(0).random((count, len(experiment.space)))


def content(evaluation: Evaluation) -> list[tuple[bytes, str]]:
    return [
        (getattr(evaluation, name).tobytes(), str(getattr(evaluation, name).dtype))
        for name in ARRAYS
    ]


def recorded(run: Run) -> list[tuple[bytes, bytes]]:
    return [(g.genomes.tobytes(), g.fitness.tobytes()) for g in run.journal.generations()]


def told(evaluation: Evaluation) -> str:
    return "\n".join(event.what for event in evaluation.events)


def complete(ray: Ray, experiment: Experiment, workers: int) -> None:
    """Waits until all workers have greeted."""
    while not str(ray).startswith(f"{workers} "):
        ray.evaluate(drawn(experiment, 1), experiment.scenarios(0), 0.0)


# Equal arrays


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_number_of_workers_gives_the_bytes_of_the_local_evaluator(
    cluster: Any, hop: Path, workers: int
) -> None:
    alive, slippery = "fitness.alive={measure='survival', weight=2}", "scenario.friction=[0.5, 1.0]"
    worlds = (
        "scenario.terrain={roughness=0.01, level=0}",
        "sensors.ground_profile.interval=0.1",  # computed in Python, between segments
        "sensors.rate.noise={gaussian=0.1, bias=0.1}",
        "randomize.mass.factor=[0.9, 1.1]",
        "randomize.command_delay={}",
    )
    whole = Experiment(read(hop, [alive, slippery, *worlds]))
    genomes, local = drawn(whole, 30), Local(whole)
    with Ray(whole, workers=workers) as ray:
        for generation, support in ((0, 0.0), (1, 0.5)):
            scenarios = whole.scenarios(generation)
            found = ray.evaluate(genomes, scenarios, support)
            assert content(found) == content(local.evaluate(genomes, scenarios, support))
            assert found.events == ()
        assert 1 <= int(str(ray).split()[0]) <= workers


def test_the_scenarios_of_a_single_genome_are_divided_and_give_the_bytes_of_the_local_evaluator(
    cluster: Any, hop: Path
) -> None:
    whole = experiment(hop, ANY_ORDER, "evaluation.episodes=40")
    genome, scenarios = drawn(whole, 1), whole.scenarios(0)
    expected = content(Local(whole).evaluate(genome, scenarios, 0.0))
    for process in hop.parent.glob("*.pid"):
        process.unlink()
    with Ray(whole, workers=2) as ray:
        complete(ray, whole, 2)
        assert [content(ray.evaluate(genome, scenarios, 0.0)) for _ in range(3)] == [expected] * 3
    assert len(list(hop.parent.glob("*.pid"))) == 2


def test_the_order_in_which_chunks_are_done_does_not_matter(cluster: Any, hop: Path) -> None:
    shuffled = experiment(hop, ANY_ORDER)
    genomes, scenarios = drawn(shuffled, 40), shuffled.scenarios(0)
    expected = content(Local(shuffled).evaluate(genomes, scenarios, 0.0))
    with Ray(shuffled, workers=3) as ray:
        assert [content(ray.evaluate(genomes, scenarios, 0.0)) for _ in range(3)] == [expected] * 3


# Faults


def test_a_run_that_loses_and_gains_nodes_and_workers_has_the_journal_of_an_undisturbed_one(
    cluster: Any, hop: Path, tmp_path: Path
) -> None:
    slow = experiment(hop, SLOW, "optimizer.population_size=48").spec
    whole = Run.create(slow, tmp_path / "whole")
    evolve(whole)
    for mark in tmp_path.glob("*.pid"):
        mark.unlink()  # of this process
    run = Run.create(slow, tmp_path / "disturbed")
    timers: list[threading.Timer] = []

    def kill_a_worker() -> None:
        os.kill(int(next(tmp_path.glob("*.pid")).stem), signal.SIGKILL)

    def lose_a_node() -> None:
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)

    def disturb(generation: Generation) -> None:
        if generation.generation == 2:
            cluster.add_node(num_cpus=1)
        complete(ray, run.experiment, 4)
        if generation.generation < 2:
            timers.append(threading.Timer(0.1, [kill_a_worker, lose_a_node][generation.generation]))
            timers[-1].start()

    with Ray(run.experiment) as ray:
        complete(ray, run.experiment, 4)
        assert evolve(run, evaluator=ray, progress=disturb) == ALL_GENERATIONS
        assert len(timers) == 2
    assert recorded(run) == recorded(whole)
    deaths = [
        generation for generation, _, what in run.journal.events() if "died with genome" in what
    ]
    assert len(set(deaths)) == 2
    assert set(deaths) <= {1, 2, 3}  # a busy machine notices a lost node a generation later
    assert whole.journal.events() == []


def test_workers_killed_while_they_are_idle_cost_no_genome(
    cluster: Any, hop: Path, tmp_path: Path
) -> None:
    plain = experiment(hop)
    genomes, scenarios = drawn(plain, 3), plain.scenarios(0)
    with Ray(plain, workers=2) as ray:
        complete(ray, plain, 2)
        expected = ray.evaluate(drawn(plain, 40), scenarios, 0.0)
        while len(list(tmp_path.glob("*.pid"))) < 2:
            ray.evaluate(drawn(plain, 40), scenarios, 0.0)
        for mark in tmp_path.glob("*.pid"):
            os.kill(int(mark.stem), signal.SIGKILL)
            mark.unlink()
        found = ray.evaluate(genomes, scenarios, 0.0)
    for name in ARRAYS:
        assert getattr(found, name).tolist() == getattr(expected, name)[:3].tolist()
    assert "died" in told(found)


def test_a_genome_that_ends_every_worker_fails_alone_and_is_recorded_with_its_address(
    cluster: Any, hop: Path, tmp_path: Path
) -> None:
    plain = experiment(hop, "", "optimizer.population_size=4", "optimizer.name=uniform")
    genomes = plain.optimizer().ask()
    expected = Local(plain).evaluate(genomes, plain.scenarios(0), 0.0)
    fastest = int(np.argmax(expected.values.max(axis=(1, 2))))
    limit = np.delete(expected.values, fastest, axis=0).max()
    guilty = experiment(
        hop,
        f"if speed > {limit!r}: os.kill(os.getpid(), signal.SIGKILL)",
        "optimizer.population_size=4",
        "optimizer.name=uniform",
    ).spec
    run = Run.create(guilty, tmp_path / "run")
    with Ray(run.experiment, workers=2) as ray:
        evolve(run, 1, ray)
    found = run.journal[0]
    assert found.genomes.tobytes() == genomes.tobytes()
    others = np.arange(4) != fastest
    for name in ARRAYS:
        assert (
            getattr(found.evaluation, name)[others].tolist()
            == getattr(expected, name)[others].tolist()
        )
    assert found.fitness[fastest] == -np.inf
    assert set(found.evaluation.outcome[fastest]) == {"failed"}
    assert np.isnan(found.evaluation.values[fastest]).all()
    what = [what for _, _, what in run.journal.events()]
    assert what[-1].startswith(f"Individual 0:{fastest} of seed 0 failed")
    assert what[-1].endswith(f"evoloco replay {run.folder} --individual 0:{fastest}")
    assert sum("died with" in one for one in what) >= FATAL


def test_a_cluster_that_is_busy_with_other_work_is_told_after_a_while(
    cluster: Any, hop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray as library

    class Other:
        def ready(self) -> bool:
            return True

    monkeypatch.setattr(ray_pool, "PATIENCE", 1.0)
    plain = experiment(hop)
    settled(4)
    others = [library.remote(num_cpus=1)(Other).remote() for _ in range(4)]
    library.get([one.ready.remote() for one in others])
    with Ray(plain, workers=2) as ray:
        with pytest.raises(EvolocoError, match="No worker for 1 s: of Ray's 4 CPUs, 0 are free"):
            ray.evaluate(drawn(plain, 2), plain.scenarios(0), 0.0)
        for one in others:
            library.kill(one)
        monkeypatch.setattr(ray_pool, "PATIENCE", 300.0)
        assert np.isfinite(ray.evaluate(drawn(plain, 2), plain.scenarios(0), 0.0).fitness).all()


@pytest.mark.parametrize("address", [unnamed, "Individual {} of episode {}, in {{braces}}".format])
def test_a_users_error_in_a_worker_is_the_one_that_it_is_locally(
    cluster: Any, hop: Path, address: Address
) -> None:
    speeds = (
        Local(experiment(hop))
        .evaluate(drawn(experiment(hop), 8), experiment(hop).scenarios(0), 0.0)
        .values
    )
    fastest = float(speeds.max())
    failing = experiment(hop, f"if speed >= {fastest!r}: {FAIL}")
    genomes, scenarios = drawn(failing, 8), failing.scenarios(0)
    with pytest.raises(SpecError, match="failed with ValueError: no such foot") as local:
        Local(failing).evaluate(genomes, scenarios, 0.0, address)
    assert str(local.value).startswith(address(*divmod(int(speeds.argmax()), len(scenarios))))
    with Ray(failing, workers=2) as ray:
        for _ in range(2):
            with pytest.raises(SpecError) as remote:
                ray.evaluate(genomes, scenarios, 0.0, address)
            assert str(remote.value) == str(local.value)
            assert type(remote.value) is type(local.value)


def test_a_step_that_never_ends_in_a_worker_ends_the_run_as_it_does_locally(
    cluster: Any, hop: Path, evoloco: Callable[..., Ended], tmp_path: Path
) -> None:
    own = tmp_path / "own.py"
    own.write_text(STUCK, encoding="utf-8")
    changes = (
        f"controller.name={own}",
        "controller.bounds={period=[0.2, 0.9]}",
        "optimizer.name=uniform",
    )
    folder = tmp_path / "run"
    ended = evoloco(
        "evolve", hop, *changes, "evaluation.time_limit=0.5", "--out", folder, "--ray", "auto"
    )
    assert ended.code == TimeLimitError.code == 5, ended.err
    assert (
        "has taken longer than evaluation.time_limit, 0.5 s of wall time. "
        "What is recorded is whole." in ended.err
    )
    named = re.search(
        r"Generation (\d+), individual (\d+), episode 0 \(again: evoloco replay (.*) --ind",
        ended.err,
    )
    assert named, ended.err
    assert named[3] == str(folder)
    run = Run(folder)
    assert len(run.journal) == int(named[1])
    assert run.experiment.space.decode(run.upcoming()[int(named[2])])["period"] > 0.7
    run.journal.close()
    again = evoloco("resume", folder, "--ray", "auto", "--time-limit", "0.4")
    assert again.code == 5
    assert "0.4 s of wall time" in again.err


def test_a_worker_that_is_killed_for_its_memory_costs_nothing(
    cluster: Any, hop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray._private.utils import get_system_memory, get_used_memory

    plain = experiment(hop)
    genomes, scenarios = drawn(plain, 12), plain.scenarios(0)
    expected = content(Local(plain).evaluate(genomes, scenarios, 0.0))
    greedy = experiment(
        hop, f"{SLOW}\n    {GREEDY}"
    )  # or one worker does all genomes, as fast as they are
    # Above what five workers take when they start, below that and the 3 GiB of the greedy one.
    monkeypatch.setenv(THRIFTY, f"{(get_used_memory() + 2.75 * 2**30) / get_system_memory():.4f}")
    node = cluster.add_node(num_cpus=1)
    monkeypatch.delenv(THRIFTY)
    with Ray(greedy) as ray:
        found, deadline = ray.evaluate(genomes, scenarios, 0.0), time.monotonic() + 120
        while not hop.with_name("greedy").exists():
            assert time.monotonic() < deadline, "the thrifty node's worker was never given a chunk"
            found = ray.evaluate(genomes, scenarios, 0.0)
    cluster.remove_node(node)
    assert content(found) == expected
    assert "its node ran out of memory" in told(found)


def test_a_worker_that_has_another_file_is_refused(cluster: Any, hop: Path, tmp_path: Path) -> None:
    plain = experiment(hop)
    with Ray(plain, workers=1) as ray:
        ray.evaluate(drawn(plain, 2), plain.scenarios(0), 0.0)
        experiment(hop, "pass")
        os.kill(int(next(tmp_path.glob("*.pid")).stem), signal.SIGKILL)
        with pytest.raises(
            EvolocoError, match=r"Node .* cannot work .*accident\.py is another file there"
        ):
            ray.evaluate(drawn(plain, 2), plain.scenarios(0), 0.0)


# The command line


def test_more_workers_than_cpus_are_refused_at_once(
    cluster: Any, hop: Path, evoloco: Callable[..., Ended], tmp_path: Path
) -> None:
    ended = evoloco("evolve", hop, "--ray", "auto", "--workers", 5, "--out", tmp_path / "run")
    assert ended.code == 2
    assert "Ray has 4 CPUs in all, but 5 workers" in ended.err
    assert "Ask for at most 4" in ended.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("port", ["address", "client"])
def test_a_run_begun_locally_goes_on_by_joining_a_cluster(
    cluster: Any, hop: Path, tmp_path: Path, port: str
) -> None:
    spec = read(hop)
    whole, begun = Run.create(spec, tmp_path / "whole"), Run.create(spec, tmp_path / "begun")
    evolve(whole)
    evolve(begun, 2)
    options = "--generations", "4", "--workers", "2", "--ray", getattr(cluster, port)
    ended = called("resume", str(begun.folder), *options)
    assert ended.returncode == 0, ended.stderr
    assert recorded(Run(begun.folder)) == recorded(whole)
    assert "Ray worker" in ended.stderr


def test_a_process_that_is_killed_leaves_no_workers_and_its_run_goes_on(
    cluster: Any, hop: Path, tmp_path: Path
) -> None:
    slow = experiment(hop, SLOW).spec
    whole, killed = Run.create(slow, tmp_path / "whole"), Run.create(slow, tmp_path / "killed")
    evolve(whole)
    for mark in tmp_path.glob("*.pid"):
        mark.unlink()  # of this process
    command = [*COMMAND, "resume", str(killed.folder), "--ray", cluster.address]
    with subprocess.Popen(
        command, env=without_video(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        while not generations(killed.folder):
            assert running.poll() is None
            time.sleep(0.02)
        running.kill()
    while any(Path(f"/proc/{mark.stem}").exists() for mark in tmp_path.glob("*.pid")):
        time.sleep(0.1)
    assert len(killed.journal) < 4
    with Ray(killed.experiment) as ray:
        evolve(killed, evaluator=ray)
    assert recorded(killed) == recorded(whole)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:head"])
def test_a_cluster_that_is_not_there_is_told_at_once(
    hop: Path, tmp_path: Path, address: str
) -> None:
    ended = called("evolve", str(hop), "--ray", address, "--out", str(tmp_path / "run"))
    assert ended.returncode == 2
    assert f"No Ray cluster could be joined at '{address}'" in ended.stderr
    assert "HOST:PORT, ray://HOST:PORT" in ended.stderr


def test_workers_without_ray_are_refused(hop: Path, evoloco: Callable[..., Ended]) -> None:
    ended = evoloco("evolve", hop, "--workers", 2)
    assert ended.code == 2
    assert "give --ray too" in ended.err


def test_ray_that_is_not_installed_is_told(
    hop: Path, evoloco: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    ended = evoloco("evolve", hop, "--ray", "local", "--out", tmp_path / "run")
    assert ended.code == 2
    assert "pip install 'ray>=2.40'" in ended.err


def generations(folder: Path) -> int:
    with closing(Journal(folder / "journal.sqlite")) as journal:
        return len(journal)


def family(session: int) -> set[int]:
    """Processes of a session."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.add(int(folder.name))
    return found


def open_ports(processes: set[int]) -> set[str]:
    """Addresses on which processes listen, as /proc/net writes them."""
    own = set()
    for process in processes:
        for descriptor in Path(f"/proc/{process}/fd").glob("*"):
            with suppress(OSError):
                own.add(os.readlink(descriptor))
    lines = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path("/proc/net", name).read_text().splitlines()[1:]
    ]
    return {
        line[1].partition(":")[0]
        for line in lines
        if line[3] == "0A" and f"socket:[{line[9]}]" in own
    }


def test_ray_on_this_machine_listens_to_it_alone_and_ends_with_ctrl_c(
    hop: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    command = [*COMMAND, "evolve", str(hop), "--ray", "local", "--out", str(folder)]
    with subprocess.Popen(
        [*command, "optimizer.name=uniform", "optimizer.generations=100000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            while not (folder / "journal.sqlite").is_file() or not generations(folder):
                assert running.poll() is None
                time.sleep(0.1)
            ports = open_ports(family(running.pid))
            os.killpg(running.pid, signal.SIGINT)
            out, err = running.communicate(timeout=60)
        except BaseException:
            os.killpg(running.pid, signal.SIGKILL)
            raise
    assert ports == {"0100007F", "0000000000000000FFFF00000100007F"}
    assert running.returncode == 130
    assert "Stopped after generation" in err
    assert "died" not in out + err
    assert "raylet" not in out + err
    while family(running.pid):
        time.sleep(0.1)
    whole = Run.create(read(hop, ["optimizer.name=uniform"]), tmp_path / "whole")
    evolve(whole, 1)
    assert recorded(Run(folder))[:1] == recorded(whole)
