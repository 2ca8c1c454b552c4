from evoloco.api import evolve as evolve
from evoloco.api import load as load
from evoloco.api import resume as resume
from evoloco.episode import Episode as Episode
from evoloco.errors import EvolocoError as EvolocoError
from evoloco.experiment import Experiment as Experiment
from evoloco.gait.analysis import Gait as Gait
from evoloco.gait.analysis import analyse as analyse
from evoloco.individual import Champion as Champion
from evoloco.individual import Individual as Individual
from evoloco.morphology import Morphology as Morphology
from evoloco.run import Run as Run
from evoloco.scenario import Scenario as Scenario

__version__: str
__all__: list[str]
