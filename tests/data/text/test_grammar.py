"""The entropy of the grammar is exact: enumeration and sampling find the same."""
from __future__ import annotations

from itertools import pairwise
from math import exp, log

import numpy as np
import pytest

from tinyfm.data.text import Grammar, dogs_and_kings
from tinyfm.errors import SettingError

COIN = Grammar({"S": [(0.3, "a", ("S",)), (0.5, "b", ("T",)), (0.2, ".", ())],
                "T": [(0.6, "a", ("U", "U")), (0.4, "b", ())], "U": [(0.9, "b", ()), (0.1, "a", ())]}, "S")


def sentences(grammar, least=1e-12):
    """Every sentence with its probability, down to very unlikely ones."""
    found, unfinished = [], [(1.0, (), (grammar.start,))]
    while unfinished:
        p, words, state = unfinished.pop()
        for q, word, symbols in grammar.rules[state[0]]:
            after = (*symbols, *state[1:])
            if not after: found.append((p * q, (*words, word)))
            elif p * q > least: unfinished.append((p * q, (*words, word), after))
    return found


@pytest.mark.parametrize("grammar", [COIN, dogs_and_kings(1)], ids=["coin", "dogs"])
def test_entropy_is_that_of_all_sentences_over_their_mean_length(grammar):
    every = sentences(grammar)
    assert sum(p for p, _ in every) == pytest.approx(1, abs=1e-9)
    length = sum(p * len(words) for p, words in every)
    assert grammar.entropy == pytest.approx(-sum(p * log(p) for p, _ in every) / length, abs=1e-8)


def counted(ids, size, order):
    """H(X_n | X_1 ... X_{n-1}) of the relative frequencies in a text."""
    codes = lambda n: sum(ids[i:len(ids) - n + 1 + i].astype(object if n > 12 else int) * size ** i for i in range(n))
    h = lambda n: 0.0 if n == 0 else -sum(p * np.log(p) for p in np.unique(codes(n), return_counts=True)[1] / len(ids))
    return h(order) - h(order - 1)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_optimum_of_an_n_gram_is_what_a_long_text_shows(order):
    grammar = dogs_and_kings()
    ids = grammar.sample(400_000, np.random.default_rng(order))
    assert grammar.optimum(order) == pytest.approx(counted(ids, grammar.words.size, order), rel=0.006)


def test_optima_fall_to_the_entropy_where_that_is_reached_with_two_words():
    cycle = Grammar({"S": [(0.25, "a", ("T",)), (0.75, "b", ("T",))], "T": [(0.5, "a", ()), (0.5, "c", ())]}, "S")
    optima = [COIN.optimum(n) for n in range(1, 9)]
    assert all(a >= b - 1e-12 for a, b in pairwise(optima)) and optima[-1] > COIN.entropy - 1e-12
    assert dogs_and_kings().optimum(3) > 1.3 * dogs_and_kings().entropy
    assert cycle.entropy == pytest.approx((-0.25 * log(0.25) - 0.75 * log(0.75) + log(2)) / 2)
    assert Grammar({"S": [(0.5, "a", ()), (0.5, "b", ())]}, "S").optimum(3) == pytest.approx(log(2))


def test_the_perplexity_of_the_true_probabilities_is_that_of_the_entropy():
    grammar = dogs_and_kings()
    ids, state, loss = grammar.sample(100_000, np.random.default_rng(0)), grammar.states[0], []
    for word in grammar.words.decode(ids).split():
        p, state = next((p, after) for p, w, after in grammar.step(state) if w == word)
        loss.append(-log(p))
    assert exp(np.mean(loss)) == pytest.approx(exp(grammar.entropy), rel=0.01)


def test_every_noun_gets_a_verb_that_fits_it():
    text = dogs_and_kings().words.decode(dogs_and_kings().sample(5_000, np.random.default_rng(1)))
    for sentence in text.split(" . ")[:-1]:
        words = sentence.split()
        assert words[-1] == "waits" or {"dog": "barks", "cat": "sleeps", "king": "rules", "girl": "sings",
                                        "bird": "flies", "star": "shines"}[words[1]] == words[-1]
        assert words.count("the") == words.count("that") + 1 <= 3


@pytest.mark.parametrize("rules, words", [
    ({"S": [(0.5, "a", ())]}, "sum 0.5"), ({"S": [(0.5, "a", ()), (0.5, "a", ("S",))]}, "same word"),
    ({"S": [(1.0, "a", ("T",))]}, "needs the symbol T"), ({"S": [(0.5, "a", ("S", "S")), (0.5, "b", ())]}, "ever end"),
])
def test_a_grammar_says_what_is_wrong(rules, words):
    with pytest.raises(SettingError, match=words): Grammar(rules, "S")
