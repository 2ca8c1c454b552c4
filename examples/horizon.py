"""A learned sensor in one file: the roll of a camera, learned from painted horizons."""

import numpy as np
from torch import nn

from evoloco.perception.learned import Learned
from evoloco.perception.lesson import Lesson
from evoloco.perception.need import Picture
from evoloco.perception.pixels import Pixels
from evoloco.perception.weights import fill
from evoloco.sensor import Sensor

Y, X = np.mgrid[-12:12, -16:16] + 0.5  # px


class Horizon(Lesson):
    def examples(self, count, split, seed):
        rng, pictures = np.random.default_rng(seed), []
        rolls = rng.uniform(-0.5, 0.5, count).astype(np.float32)
        for roll in rolls:
            ground = Y * np.cos(roll) + X * np.sin(roll) > rng.uniform(-5, 5)
            waves = np.sin(X * rng.uniform(-1, 1) + Y * rng.uniform(-1, 1) + rng.uniform(0, 6))
            waves = np.sign(waves) if split == "test" else waves  # sharp stripes are new in a test
            paint = rng.uniform(0, 255, (2, 3))[ground.astype(int)] + rng.normal(0, 6, (24, 32, 3))
            pictures.append(paint + (waves * ground)[..., None] * rng.uniform(-40, 40, 3))
        return {"picture": np.clip(pictures, 0, 255).astype(np.uint8), "roll": rolls}

    def network(self):
        eye = Pixels(), nn.Conv2d(3, 16, 5, 2), nn.ReLU(), nn.Conv2d(16, 32, 3, 2), nn.ReLU()
        return nn.Sequential(*eye, nn.Flatten(), nn.Linear(768, 64), nn.ReLU(), nn.Linear(64, 1))

    def loss(self, network, batch, generator):
        return (network(batch["picture"])[:, 0] - batch["roll"]).square().mean()

    def answers(self, network, examples):
        return {"roll": np.array([network(one[None]).item() for one in examples["picture"]])}

    def right(self, examples, answers):
        return abs(examples["roll"] - answers["roll"]) < 0.05


class Reader:
    needs, channels = Picture(32, 24), ("roll", "confidence", "age")

    def __init__(self, weights):
        self.weights, self.network = weights, None

    def read(self, seen, previous):
        self.network = self.network or fill(Horizon().network(), "horizon", self.weights)
        roll = self.network(seen.picture[None]).item()
        return np.array([roll, 1.0, 0.0]) if abs(roll) < 0.5 else None


lesson = Horizon


def sensor(morphology, weights: str):
    """Roll of the body's camera [rad]."""
    seeing = Learned(Reader(weights), engine="torch")
    return Sensor("horizon", Reader.channels, "rad, 1, s", "roll of the camera", seeing)
