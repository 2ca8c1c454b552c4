"""Goes on with a run of either kind: one that is evolved, or one that is trained."""

from evoloco.evaluation import Evaluator
from evoloco.loop import Enough, Progress, evolve
from evoloco.run import Run


def search_on(
    run: Run,
    generations: int,
    evaluator: Evaluator,
    progress: Progress | None,
    threads: int = 0,
    workers: int = 0,
    enough: Enough | None = None,
) -> str:
    """Evolves or trains a run from its last record on; returns why it stopped.

    Args:
        run: The run.
        generations: Total number of generations, or of judgements; 0 for `run.generations`.
        evaluator: Evaluator of the run.
        progress: Called after each record.
        threads: Number of threads that simulate a training; 0 for all CPUs.
        workers: Workers on Ray that compute gradients of a training; none where 0.
        enough: Asked before each record whether the run ends.

    Raises:
        EvolocoError: As `evolve` and `evoloco.rl.train.train` say; or the extra `rl` is missing.
    """
    if not run.spec.training:
        return evolve(run, generations, evaluator, progress, enough)

    from evoloco.rl.requirements import require

    require()
    from evoloco.rl.train import train

    return train(run, generations, evaluator, progress, threads, workers, enough)
