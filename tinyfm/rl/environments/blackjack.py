"""Blackjack as an exact table: every probability of an infinite deck is computed, none is sampled."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..spaces import Array
from .tabular import Outcomes, TabularEnvironment

STICK, HIT = 0, 1
CARDS = {card: (4 if card == 10 else 1) / 13 for card in range(1, 11)}     # an ace is 1; ten, jack, queen, king are 10
OVER = 360                                                                 # the terminal state


class Blackjack(TabularEnvironment):
    """Sutton & Barto, Example 5.1 (page 93); the rules of Gymnasium's Blackjack-v1: a natural is just a 21.

    Actions STICK = 0, HIT = 1; reward +1, 0 or -1 at the end. The dealer sticks on 17 or more. A state is a number,
    `state_of(total, dealer, usable_ace)`, and `hand(s)` turns it back: total 4 to 21, dealer's card 1 (ace) to 10.
    """

    def __init__(self, **settings: Any) -> None:
        probability, reward = np.zeros((2, OVER + 1, 2, 10))
        next_state = np.full((OVER + 1, 2, 10), OVER)
        probability[OVER, :, 0] = 1
        for s in range(OVER):
            total, dealer, usable = self.hand(s)
            probability[s, HIT] = list(CARDS.values())
            for k, card in enumerate(CARDS):
                after = add_card(total, usable, card)
                reward[s, HIT, k] = -1 if after[0] > 21 else 0
                next_state[s, HIT, k] = OVER if after[0] > 21 else self.state_of(after[0], dealer, after[1])
            probability[s, STICK, :3], reward[s, STICK, :3] = sticking(total, dealer), [1, 0, -1]
        super().__init__(Outcomes(probability, next_state, reward), np.arange(OVER + 1) == OVER, dealt(), **settings)

    @staticmethod
    def state_of(total: int, dealer: int, usable_ace: bool) -> int:
        return (int(usable_ace) * 18 + total - 4) * 10 + dealer - 1

    @staticmethod
    def hand(s: int) -> tuple[int, int, bool]:
        """(player's total, dealer's card, usable ace) of state s."""
        return s // 10 % 18 + 4, s % 10 + 1, s >= 180

    def text(self) -> str:
        if self.state == OVER:
            return "the round is over"
        total, dealer, usable = self.hand(self.state)
        return f"you {total}{' with a usable ace' if usable else ''}, dealer shows {'A' if dealer == 1 else dealer}"

    def draw(self, ax: Any) -> None:
        total, dealer, _ = self.hand(self.state) if self.state != OVER else (0, 0, False)
        ax.barh(["dealer shows", "you"], [dealer, total], color=["#e0a458", "#4c78a8"], height=0.5)
        ax.axvline(21, color="#d1495b", linestyle="--", label="21")
        ax.axvline(17, color="0.5", linestyle=":", label="dealer sticks")
        ax.set(xlim=(0, 24), xlabel="points", title=f"Blackjack: {self.text()}")
        ax.legend(loc="upper left", fontsize=8)

    def plot_policy(self, policy: ArrayLike, axes: Any = None) -> Any:
        """Figure 5.2 of the book: where `policy` (S,) hits (H) and sticks, without and with a usable ace."""
        from ..seeing import new_axes
        axes = new_axes(columns=2) if axes is None else axes
        grid = np.asarray(policy)[:OVER].reshape(2, 18, 10)
        for ax, usable, first, name in [(axes[0], 0, 4, "no usable ace"), (axes[1], 1, 12, "usable ace")]:
            shown = grid[usable, first - 4:]
            ax.imshow(shown, origin="lower", extent=(0.5, 10.5, first - 0.5, 21.5), cmap="Blues", vmin=0, vmax=2)
            for i, j in np.argwhere(shown == HIT):
                ax.text(j + 1, i + first, "H", ha="center", va="center", fontsize=7)
            ax.set(xlabel="dealer shows (1 = ace)", ylabel="your total", xticks=range(1, 11),
                   yticks=range(first, 22), title=f"{name}: H = hit, empty = stick")
        return axes


def add_card(total: int, usable: bool, card: int) -> tuple[int, bool]:
    """(total, usable ace) after one more card; an ace counts 11 while that does not go over 21."""
    total += card
    if card == 1 and total + 10 <= 21 and not usable:
        return total + 10, True
    return (total - 10, False) if usable and total > 21 else (total, usable)


@cache
def dealer_ends(total: int, usable: bool) -> tuple[float, ...]:
    """Probability that the dealer ends on 17, 18, 19, 20, 21 or above (the last entry)."""
    if total >= 17:
        return tuple(float(min(total, 22) == end) for end in range(17, 23))
    draws = [(p, dealer_ends(*add_card(total, usable, card))) for card, p in CARDS.items()]
    return tuple(sum(p * ends[i] for p, ends in draws) for i in range(6))


def sticking(total: int, dealer: int) -> list[float]:
    """Probabilities of [win, draw, loss] when the player sticks on `total`."""
    ends = dealer_ends(*add_card(0, False, dealer))
    below, draw, above = (sum(p for end, p in zip(range(17, 22), ends, strict=False) if np.sign(end - total) == sign)
                          for sign in (-1, 0, 1))
    return [below + ends[5], draw, above]


def dealt() -> Array:
    """The distribution of first states: two cards for the player, one for the dealer."""
    starts = np.zeros(OVER + 1)
    for first, p in CARDS.items():
        for second, q in CARDS.items():
            total, usable = add_card(*add_card(0, False, first), second)
            for dealer, r in CARDS.items():
                starts[Blackjack.state_of(total, dealer, usable)] += p * q * r
    return starts
