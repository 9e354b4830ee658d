"""A language with a known entropy: a probabilistic grammar, and exactly how well it can be predicted.

Every rule writes a word first and then what is still to be written:

    S -> the N ,   N -> 0.5 dog After[dog] | 0.5 king After[king] ,   ...

What is still to be written, a stack of symbols, is the state; a word tells which rule was used, so whoever has read the
sentence from its beginning knows the state.  Then, with pi the share of time spent in each state,

    entropy per token   H = sum_s pi(s) H(next word | s)
    order-n optimum     H(X_n | X_1 ... X_{n-1}), with the words' joint distribution under pi

and no model can do better than H, no model that sees n - 1 words better than the order-n optimum.  Shannon 1948,
section 7; for grammars Soule 1974.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.data.text.plain import Words
from tinyfm.errors import SettingError

Array = NDArray[Any]
State = tuple[str, ...]                          # the symbols still to be written, the next one first
Rule = tuple[float, str, Sequence[str]]          # probability, the word written, the symbols that then replace it


class Grammar:
    """rules: {symbol: [(probability, word, symbols), ...]}; `start` begins every sentence.

    Raises SettingError where probabilities do not sum to 1, a symbol has no rule, or one has two rules with one word.
    The number of states must be finite: a symbol that can repeat itself may do so only in the last place.
    """

    def __init__(self, rules: Mapping[str, Sequence[Rule]], start: str) -> None:
        self.rules, self.start = dict(rules), start
        for symbol, choices in self.rules.items(): check(symbol, choices, self.rules)
        self.words = Words(sorted({word for choices in self.rules.values() for _, word, _ in choices}))
        self.states = self.reachable()
        self.number = {state: i for i, state in enumerate(self.states)}
        self.share = self.stationary()

    def step(self, state: State) -> Iterator[tuple[float, str, State]]:
        """Every word that may come next: (probability, word, state after it); a finished sentence begins the next."""
        for p, word, symbols in self.rules[state[0]]: yield p, word, ((*symbols, *state[1:]) or (self.start,))

    def reachable(self) -> list[State]:
        """All states, the beginning of a sentence first."""
        states: list[State] = [(self.start,)]
        seen = set(states)
        for state in states:
            for _, _, after in self.step(state):
                if after not in seen: seen.add(after); states.append(after)
                if len(states) > 2_000: raise SettingError("Grammar: more than 2,000 states; does it ever end?")
        return states

    def stationary(self) -> Array:
        """The share of time in each state: pi = pi T, sum pi = 1."""
        n = len(self.states)
        transition = np.zeros((n, n))
        for i, state in enumerate(self.states):
            for p, _, after in self.step(state): transition[i, self.number[after]] += p
        balance = np.vstack([transition.T - np.eye(n), np.ones(n)])
        return np.linalg.lstsq(balance, np.eye(n + 1)[n], rcond=None)[0]

    @property
    def entropy(self) -> float:
        """Nats per token: what the best of all models loses on average."""
        return float(sum(share * uncertainty([p for p, _, _ in self.rules[state[0]]])
                         for state, share in zip(self.states, self.share)))

    def optimum(self, order: int) -> float:
        """Nats per token of the best model that sees order - 1 words: 1 sees none, 3 is the trigram."""
        return self.block_entropy(order) - self.block_entropy(order - 1)

    def block_entropy(self, length: int) -> float:
        """The entropy of `length` successive words, in nats."""
        blocks: dict[tuple[str, ...], dict[State, float]] = {(): dict(zip(self.states, self.share.tolist()))}
        for _ in range(length):
            longer: dict[tuple[str, ...], dict[State, float]] = {}
            for block, states in blocks.items():
                for state, share in states.items():
                    for p, word, after in self.step(state):
                        here = longer.setdefault((*block, word), {})
                        here[after] = here.get(after, 0.0) + share * p
            blocks = longer
        return uncertainty([sum(states.values()) for states in blocks.values()])

    def sample(self, count: int, rng: np.random.Generator) -> Array:
        """`count` tokens of sentence after sentence, as ids of `words`."""
        choices = {state: self.drawing(state) for state in self.states}
        state, ids = self.states[0], []
        for u in rng.random(count).tolist():
            _, word, state = next(choice for choice in choices[state] if u < choice[0])
            ids.append(word)
        return np.array(ids, int)

    def drawing(self, state: State) -> list[tuple[float, int, State]]:
        """The choices of a state with the sum of all probabilities up to and including each."""
        reach, out = 0.0, []
        for p, word, after in self.step(state):
            reach += p
            out.append((reach, self.words.ids[word], after))
        return [*out[:-1], (1.0, *out[-1][1:])]


def uncertainty(probabilities: Sequence[float]) -> float:
    """-sum p ln p."""
    return -sum(p * log(p) for p in probabilities if p > 0)


def check(symbol: str, choices: Sequence[Rule], rules: Mapping[str, Any]) -> None:
    total, words = sum(p for p, _, _ in choices), [word for _, word, _ in choices]
    if abs(total - 1) > 1e-9: raise SettingError(f"Grammar: the rules of {symbol} have probabilities of sum {total}.")
    if len(set(words)) < len(words): raise SettingError(f"Grammar: two rules of {symbol} write the same word: {words}.")
    if missing := [s for _, _, symbols in choices for s in symbols if s not in rules]:
        raise SettingError(f"Grammar: {symbol} needs the symbol {missing[0]}, which has no rule.")


# ------------------------------------------------------------ the built-in language

DOES = {"dog": "barks", "cat": "sleeps", "king": "rules", "girl": "sings", "bird": "flies", "star": "shines"}


def dogs_and_kings(depth: int = 2) -> Grammar:
    """Sentences such as "the dog that the king that the girl sees hears barks .": every noun has its verb, far behind.

    Up to `depth` relative clauses stand in each other between the two, each with a noun of its own; so the words just
    before do not tell which verb is due, and a model must remember, and count.
    """
    rules: dict[str, list[Rule]] = {"S": [(1.0, "the", ("N0",))], ".": [(1.0, ".", ())],
                                    "V": [(0.8, "sees", ()), (0.2, "hears", ())]}
    for noun, verb in DOES.items(): rules[f"V[{noun}]"] = [(0.85, verb, (".",)), (0.15, "waits", (".",))]
    for level in range(depth + 1):
        if level: rules[f"C{level}"] = [(1.0, "the", (f"N{level}",))]
        rules[f"N{level}"] = [(1 / len(DOES), noun, (f"{noun}{level}",)) for noun in DOES]
        clause = 0.45 if level < depth else 0.0
        for noun in DOES:
            due = "V" if level else f"V[{noun}]"
            rules[f"{noun}{level}"] = [(p * (1 - clause), word, symbols) for p, word, symbols in rules[due]]
            if clause: rules[f"{noun}{level}"].append((clause, "that", (f"C{level + 1}", due)))
    return Grammar(rules, "S")
