"""What a training needs: packages, and a run file that can be trained."""

from evoloco.errors import SpecError
from evoloco.experiment import Experiment
from evoloco.extras import needs

PACKAGES = ("torch", "gymnasium", "stable_baselines3", "safetensors", "tensorboard")
"""What the extra `rl` brings."""


def require() -> None:
    """Checks that the packages of the extra `rl` are installed.

    Raises:
        MissingExtraError: One is not.
    """
    for package in PACKAGES:
        needs(package, "rl")


def check(experiment: Experiment) -> None:
    """Checks a run that is to be trained.

    Raises:
        MissingExtraError: The extra `rl` is not installed.
        SpecError: It has no network that can be trained, a term of the reward has no value per
            step, it has several objectives, or options that do not fit each other.
    """
    require()
    from evoloco.rl.rollouts import check_rewards, policy_of

    training = experiment.spec.training
    if training is None:
        raise SpecError(
            "The run has no table [training], so it is evolved, not trained: evoloco evolve."
        )
    squash, wanted = policy_of(experiment).layout.squash, training.algorithm == "sac"
    if squash != wanted:
        raise SpecError(
            f"controller.squash: {training.algorithm} learns a policy whose outputs are "
            f"{'' if wanted else 'not '}tanh. Use: controller.squash={str(wanted).lower()}"
        )
    if not policy_of(experiment).learns:
        raise SpecError(
            "controller.normaliser: training finds means and spreads of the inputs, so they must "
            "be genes. Use: controller.normaliser=learned"
        )
    if experiment.body_genes:
        raise SpecError(
            "morphology.genes: a policy is trained on one body. Give these genes values in "
            "[morphology], or evolve the run."
        )
    if experiment.several_objectives:
        raise SpecError(
            "fitness: a policy is trained for one objective. Leave the key `objective` out."
        )
    if training.penalty == "kl" and not training.kl:
        raise SpecError("training.kl: the penalty needs a divergence to aim at, such as 0.01.")
    if training.mirror:
        _check_mirror(experiment, training.algorithm)
    check_rewards(experiment.rewards)
    rollout = training.simulations * training.rollout
    if training.algorithm == "ppo" and rollout % training.batch:
        raise SpecError(
            f"training.batch: {training.batch} does not divide a rollout of "
            f"{training.simulations} x {training.rollout} control steps."
        )


def _check_mirror(experiment: Experiment, algorithm: str) -> None:
    """Checks a run that is to learn from mirror images.

    Raises:
        SpecError: It cannot. The message says why.
    """
    from evoloco.rl.mirroring import action_image, sensor_image

    if algorithm != "ppo":
        raise SpecError(
            f"training.mirror: {algorithm} does not learn from mirror images; ppo does."
        )
    sensor_image(experiment.morphology)
    action_image(experiment.morphology)
