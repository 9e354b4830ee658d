"""Text as numbers: tokenizers, and corpora to learn from.

Read in this order: plain (a token for each character or word), pairs (byte pairs, trained or GPT-2's), splitting,
grammar (a language whose entropy is known exactly), corpora.
"""
from tinyfm.data.text.corpora import Corpus, load
from tinyfm.data.text.grammar import Grammar, dogs_and_kings
from tinyfm.data.text.pairs import BytePairs, load_gpt2
from tinyfm.data.text.plain import Characters, Words

__all__ = ["BytePairs", "Characters", "Corpus", "Grammar", "Words", "dogs_and_kings", "load", "load_gpt2"]
