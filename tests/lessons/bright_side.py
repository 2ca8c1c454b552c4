"""A lesson of some milliseconds: which half of a small picture is the brighter one."""

import time

import numpy as np
import torch

from evoloco.perception.figure import Figure
from evoloco.perception.lesson import Settings


class BrightSide:
    splits = ("train", "test", "faint")
    settings = Settings(examples=300, test_examples=80, steps=250, batch=16, learning_rate=1e-2)

    def __init__(self, spoil: int = -1, slow: float = 0.0) -> None:
        self.spoil, self.slow, self.calls = spoil, slow, 0

    def examples(self, count, split, seed):
        rng = np.random.default_rng(seed)
        right = rng.random(count) < 0.5
        more = rng.uniform(4, 12, count) if split == "faint" else rng.uniform(20, 90, count)
        pictures = rng.normal(120, 12, (count, 6, 8, 3))
        pictures[:, :, 4:] += np.where(right, more, 0)[:, None, None, None]
        pictures[:, :, :4] += np.where(right, 0, more)[:, None, None, None]
        return {"picture": pictures.clip(0, 255).astype(np.uint8), "right": right, "more": more}

    def network(self):
        layers = torch.nn.Flatten(), torch.nn.Linear(144, 8), torch.nn.Dropout(0.2)
        return torch.nn.Sequential(*layers, torch.nn.ReLU(), torch.nn.Linear(8, 1))

    def loss(self, network, batch, generator):
        self.calls += 1
        time.sleep(self.slow)
        picture = batch["picture"] / 255 + 0.02 * torch.randn(1, generator=generator)
        wanted = batch["right"].float()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(picture)[:, 0], wanted)
        return loss * float("nan") if self.calls == self.spoil else loss

    def answers(self, network, examples):
        each = [network(torch.from_numpy(one[None]) / 255) for one in examples["picture"]]
        return {"right": torch.cat(each)[:, 0].numpy() > 0}

    def baselines(self, train):
        most = bool(train["right"].mean() > 0.5)
        return {"more frequent side": lambda some: {"right": np.full(len(some["right"]), most)}}

    def figures(self, examples, answers):
        right = self.right(examples, answers)
        found = [Figure("side found", "all", float(right.mean()), "1", len(right))]
        for group in ("by little", "by much"):
            chosen = np.array(self.difficulty(examples)) == group
            value = float(right[chosen].mean()) if chosen.any() else float("nan")
            found.append(Figure("side found", group, value, "1", int(chosen.sum())))
        return found

    def right(self, examples, answers):
        return examples["right"] == answers["right"]

    def difficulty(self, examples):
        return ["by much" if more > 50 else "by little" for more in examples["more"]]

    def picture(self, example, answer):
        image = example["picture"].copy()
        image[0, 7 if answer["right"] else 0] = (255, 0, 0)
        return image


def lesson(spoil: int = -1, slow: float = 0.0) -> BrightSide:
    return BrightSide(spoil, slow)


def sensor(morphology):
    raise NotImplementedError
