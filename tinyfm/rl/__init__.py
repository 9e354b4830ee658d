"""Reinforcement learning from Bellman's equation up, in plain NumPy.

Reading order: environments.environment and environments.tabular (what a decision process is), planning (values when the
model is known), policies, tabular.temporal_difference (values when it is not: Q-learning), bandits, then the rest;
last `tinyfm.rl.deep`, the same with networks, which is imported by itself.
"""

from .backups import trace_backups
from .bandits import (
    epsilon_greedy_bandit,
    gradient_bandit,
    optimistic_bandit,
    thompson_bandit,
    thompson_bernoulli_bandit,
    ucb_bandit,
)
from .environments.adapter import to_gymnasium
from .environments.bandit import BernoulliBandit, KArmedBandit
from .environments.blackjack import Blackjack
from .environments.cartpole import CartPole
from .environments.chain import RandomWalk, ShortCorridor
from .environments.cliff import CliffWalking
from .environments.environment import Environment
from .environments.frozen_lake import FrozenLake
from .environments.gambler import Gambler
from .environments.gridworld import CornerGridworld, Gridworld, JumpGridworld
from .environments.maze import DynaMaze, Maze
from .environments.mountain_car import MountainCar
from .environments.pendulum import Pendulum
from .environments.tabular import Outcomes, TabularEnvironment
from .environments.vector import VectorEnvironment
from .environments.windy import WindyGridworld
from .episodes import Episode, Learned, average_return, greedy_path, play
from .live import watch
from .planning import (
    Plan,
    evaluate_policy,
    evaluate_policy_in_place,
    optimal_actions,
    policy_iteration,
    prioritized_sweeping,
    solve_policy,
    value_iteration,
    value_iteration_asynchronous,
    value_iteration_in_place,
)
from .policies import EpsilonGreedy, Gaussian, Greedy, Policy, Softmax, constant, exponential, greedy, linear, softmax
from .seeing import plot_learning_curves, plot_path, plot_values
from .spaces import Box, Discrete
from .tabular.dyna import dyna_q
from .tabular.monte_carlo import (
    mc_control,
    mc_exploring_starts,
    mc_prediction,
    off_policy_mc_control,
    off_policy_mc_prediction,
)
from .tabular.n_step import n_step_sarsa, n_step_td_prediction
from .tabular.policy_gradient import reinforce
from .tabular.temporal_difference import double_q_learning, expected_sarsa, q_learning, sarsa, td_prediction
from .tabular.traces import sarsa_lambda

__all__ = [
    "BernoulliBandit",
    "Blackjack",
    "Box",
    "CartPole",
    "CliffWalking",
    "CornerGridworld",
    "Discrete",
    "DynaMaze",
    "Environment",
    "Episode",
    "EpsilonGreedy",
    "FrozenLake",
    "Gambler",
    "Gaussian",
    "Greedy",
    "Gridworld",
    "JumpGridworld",
    "KArmedBandit",
    "Learned",
    "Maze",
    "MountainCar",
    "Outcomes",
    "Pendulum",
    "Plan",
    "Policy",
    "RandomWalk",
    "ShortCorridor",
    "Softmax",
    "TabularEnvironment",
    "VectorEnvironment",
    "WindyGridworld",
    "average_return",
    "constant",
    "double_q_learning",
    "dyna_q",
    "epsilon_greedy_bandit",
    "evaluate_policy",
    "evaluate_policy_in_place",
    "expected_sarsa",
    "exponential",
    "gradient_bandit",
    "greedy",
    "greedy_path",
    "linear",
    "mc_control",
    "mc_exploring_starts",
    "mc_prediction",
    "n_step_sarsa",
    "n_step_td_prediction",
    "off_policy_mc_control",
    "off_policy_mc_prediction",
    "optimal_actions",
    "optimistic_bandit",
    "play",
    "plot_learning_curves",
    "plot_path",
    "plot_values",
    "policy_iteration",
    "prioritized_sweeping",
    "q_learning",
    "reinforce",
    "sarsa",
    "sarsa_lambda",
    "softmax",
    "solve_policy",
    "td_prediction",
    "thompson_bandit",
    "thompson_bernoulli_bandit",
    "to_gymnasium",
    "trace_backups",
    "ucb_bandit",
    "value_iteration",
    "value_iteration_asynchronous",
    "value_iteration_in_place",
    "watch",
]
