"""What every learner must do, and how they are special cases of each other."""

import numpy as np
import pytest

from tinyfm import rl
from tinyfm.rl.episodes import begin, play_table
from tinyfm.rl.spaces import Discrete
from tinyfm.rl.tabular.monte_carlo import returns_of

COIN = np.full((7, 2), 0.5)
CONTROL = {
    "sarsa": rl.sarsa, "expected_sarsa": rl.expected_sarsa, "q_learning": rl.q_learning,
    "double_q_learning": rl.double_q_learning, "mc_control": rl.mc_control,
    "every-visit mc_control": lambda *a, **s: rl.mc_control(*a, first_visit=False, **s),
    "n_step_sarsa": rl.n_step_sarsa, "sarsa_lambda": rl.sarsa_lambda,
    "accumulating sarsa_lambda": lambda *a, **s: rl.sarsa_lambda(*a, replacing=False, trace=0.5, **s),
    "dyna_q": rl.dyna_q,
}
PREDICTION = {
    "td_prediction": rl.td_prediction, "mc_prediction": rl.mc_prediction,
    "n_step_td_prediction": rl.n_step_td_prediction,
    "every-visit mc_prediction": lambda *a, **s: rl.mc_prediction(*a, first_visit=False, **s),
}
each_learner = pytest.mark.parametrize("learn", CONTROL.values(), ids=CONTROL)
each_predictor = pytest.mark.parametrize("learn", PREDICTION.values(), ids=PREDICTION)


class Script:
    """The same episodes whatever is done; each is [(reward, next state), ...] from state 0."""

    def __init__(self, *episodes, terminated=True, states=3, actions=1):
        self.observation_space, self.action_space = Discrete(states), Discrete(actions)
        self.episodes, self.terminated, self.number = episodes, terminated, -1

    def reset(self, *, seed=None, options=None):
        self.number, self.at = (self.number + 1) % len(self.episodes), 0
        return 0, {}

    def step(self, action):
        reward, state = self.episodes[self.number][self.at]
        self.at += 1
        end = self.at == len(self.episodes[self.number])
        return state, reward, end and self.terminated, end and not self.terminated, {}


# Truncation bootstraps, termination does not.

@each_learner
@pytest.mark.parametrize(("terminated", "value"), [(True, 1.0), (False, 2.0)])
def test_control_bootstraps_from_truncation_only(learn, terminated, value):
    """One state, reward 1, gamma 1/2, cut after each step: worth 1 if that is the end, else 1 + 1/2 + 1/4 + ... = 2."""
    env = Script([(1.0, 0)], terminated=terminated, states=1)
    assert learn(env, 200, alpha=0.5, gamma=0.5, rng=0).Q == pytest.approx(value, abs=1e-6)


@each_predictor
@pytest.mark.parametrize(("terminated", "value"), [(True, 1.0), (False, 2.0)])
def test_prediction_bootstraps_from_truncation_only(learn, terminated, value):
    env = Script([(1.0, 0)], terminated=terminated, states=1)
    assert learn(env, [[1.0]], 200, alpha=0.5, gamma=0.5, rng=0) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(("terminated", "value"), [(True, 1.0), (False, 2.0)])
def test_off_policy_monte_carlo_bootstraps_from_truncation_only(terminated, value):
    env = Script([(1.0, 0)], terminated=terminated, states=1)
    Q = rl.off_policy_mc_prediction(env, [[1.0]], [[1.0]], 2000, gamma=0.5, rng=0)
    assert pytest.approx(value, abs=0.05) == Q
    env = Script([(1.0, 0)], terminated=terminated, states=1)
    assert rl.off_policy_mc_control(env, 2000, gamma=0.5, rng=0).Q == pytest.approx(value, abs=0.05)


# One step, by hand.

def test_q_learnings_update_is_the_formula():
    Q = np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 0.0]])
    env = Script([(-1.0, 1)], terminated=False, actions=2)
    learned = rl.q_learning(env, 1, alpha=0.25, gamma=0.8, policy=rl.Greedy(), Q=Q, rng=0)
    expected = Q.copy()
    expected[0, 1] += 0.25 * (-1 + 0.8 * 5 - 2)
    assert np.allclose(learned.Q, expected, rtol=1e-15)
    assert Q[0, 1] == 2.0                                      # what was given is not written to


def test_expected_sarsa_takes_the_mean_over_the_policy():
    Q = np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 0.0]])
    env = Script([(-9.0, 1)], terminated=False, actions=2)
    learned = rl.expected_sarsa(env, 1, alpha=1.0, gamma=0.5, policy=rl.EpsilonGreedy(1.0), Q=Q, rng=0)
    assert learned.Q[learned.Q != Q] == pytest.approx([-9 + 0.5 * 4])


def test_n_step_uses_n_rewards_and_then_the_guess():
    env = Script([(1.0, 1), (10.0, 2), (100.0, 0)], terminated=False)
    V = rl.n_step_td_prediction(env, np.ones((3, 1)), 1, n=2, alpha=1.0, gamma=0.1, V=[5.0, 6.0, 7.0])
    first = 1 + 0.1 * 10 + 0.01 * 7
    second = 10 + 0.1 * 100 + 0.01 * first
    assert pytest.approx([first, second, 100 + 0.1 * first]) == V


def test_first_and_every_visit_by_hand():
    """State 0 is visited at t = 0 and t = 2 of an episode worth 1, 2, 4 (returns 7, 6, 4), then once in one worth 3."""
    for first_visit, value in [(True, (7 + 3) / 2), (False, (7 + 4 + 3) / 3)]:
        env = Script([(1.0, 1), (2.0, 0), (4.0, 2)], [(3.0, 2)])
        V = rl.mc_prediction(env, np.ones((3, 1)), 2, first_visit=first_visit)
        assert pytest.approx([value, 6, 0]) == V
        env = Script([(1.0, 1), (2.0, 0), (4.0, 2)], [(3.0, 2)])
        assert pytest.approx([value, 6, 0]) == rl.mc_control(env, 2, first_visit=first_visit).Q[:, 0]


def test_returns_are_discounted_backwards():
    episode = rl.Episode([0, 1, 2], [0, 0], [1.0, 2.0], True)
    assert returns_of(episode, 0.5, 99.0) == [2.0, 2.0]
    assert returns_of(episode._replace(terminated=False), 0.5, 8.0) == [4.0, 6.0]


def test_traces_fade_by_gamma_lambda():
    env = Script([(0.0, 1), (0.0, 2), (1.0, 2)])
    Q = rl.sarsa_lambda(env, 1, trace=0.5, gamma=0.8, alpha=0.1).Q[:, 0]
    assert pytest.approx([0.1 * 0.4**2, 0.1 * 0.4, 0.1]) == Q
    twice = Script([(0.0, 0), (1.0, 2)])
    assert rl.sarsa_lambda(twice, 1, trace=0.5, alpha=0.1, replacing=True).Q[0, 0] == pytest.approx(0.1)
    twice = Script([(0.0, 0), (1.0, 2)])
    assert rl.sarsa_lambda(twice, 1, trace=0.5, alpha=0.1, replacing=False).Q[0, 0] == pytest.approx(0.15)


# Special cases of each other, to the bit.

def equal(one, other):
    return all(np.array_equal(x, y) for x, y in zip(one, other, strict=True))


def test_one_step_sarsa_is_sarsa_and_so_is_a_trace_of_zero():
    env = rl.CliffWalking()
    plain = rl.sarsa(env, 20, rng=1)
    assert equal(plain, rl.n_step_sarsa(env, 20, n=1, rng=1))
    assert equal(plain, rl.sarsa_lambda(env, 20, trace=0, rng=1))


def test_dyna_without_planning_is_q_learning():
    env = rl.CliffWalking()
    assert equal(rl.q_learning(env, 20, alpha=0.1, gamma=0.95, rng=1), rl.dyna_q(env, 20, planning_steps=0, rng=1))


def test_one_step_td_is_td_and_endless_n_is_monte_carlo():
    env = rl.RandomWalk()
    assert np.array_equal(rl.td_prediction(env, COIN, 50, rng=2), rl.n_step_td_prediction(env, COIN, 50, n=1, rng=2))
    endless = rl.n_step_td_prediction(env, COIN, 50, n=10**6, alpha=0.1, rng=2)
    assert np.allclose(endless, rl.mc_prediction(env, COIN, 50, alpha=0.1, first_visit=False, rng=2), atol=1e-14)


def test_expected_sarsa_with_a_greedy_policy_is_q_learning():
    env = rl.WindyGridworld()
    greedy = rl.expected_sarsa(env, 20, policy=rl.Greedy(), rng=3)
    assert np.allclose(greedy.Q, rl.q_learning(env, 20, policy=rl.Greedy(), rng=3).Q, atol=1e-12)


def test_off_policy_from_its_own_episodes_is_the_plain_mean():
    env, even = rl.RandomWalk(), np.full((7, 2), 0.5)
    for weighted in (True, False):
        Q = rl.off_policy_mc_prediction(env, even, even, 3000, weighted=weighted, rng=0)
        assert (Q * even).sum(axis=1) == pytest.approx(env.true_values, abs=0.04)


def halfway():
    """From 0, whatever is done, half of the episodes end for nothing; the others go on to 1, where action 1 pays 1."""
    probability, next_state, reward = np.zeros((3, 2, 2)), np.full((3, 2, 2), 2), np.zeros((3, 2, 2))
    probability[0], probability[1:, :, 0] = 0.5, 1
    next_state[0, :, 1], reward[1, 1, 0] = 1, 1
    return rl.TabularEnvironment(rl.Outcomes(probability, next_state, reward), [False, False, True], [1, 0, 0])


def test_importance_weights_are_the_products_of_the_definition():
    """sum W G / sum W and sum W G / n over the recorded episodes, in plain loops; W of the actions after the first."""
    env, target = halfway(), np.array([[0.5, 0.5], [0.1, 0.9], [1, 0]])
    b = np.array([[0.3, 0.7], [0.6, 0.4], [1, 0]])
    diary, draws, _ = begin(env, 0)
    episodes = [play_table(diary, b, draws) for _ in range(60)]
    for a in (0, 1):
        chosen = [e for e in episodes if e.actions[0] == a]
        W = np.array([np.prod([target[1, u] / b[1, u] for u in e.actions[1:]]) for e in chosen])
        G = np.array([sum(e.rewards) for e in chosen])
        for weighted, value in [(True, (W * G).sum() / W.sum()), (False, (W * G).mean())]:
            Q = rl.off_policy_mc_prediction(env, target, b, 60, weighted=weighted, rng=0)
            assert Q[0, a] == pytest.approx(value)


def test_off_policy_control_weighs_long_tails_by_what_made_them_rare():
    assert rl.off_policy_mc_control(halfway(), 4000, rng=0).Q[0] == pytest.approx([0.5, 0.5], abs=0.06)


# Convergence to what planning says.

@each_predictor
def test_prediction_finds_the_values_of_the_policy(learn):
    env = rl.RandomWalk()
    V = learn(env, COIN, 4000, alpha=0.01, rng=0, V=COIN[:, 0] * ~env.terminal)
    assert pytest.approx(env.true_values, abs=0.07) == V
    assert (V[env.terminal] == 0).all()


@pytest.mark.parametrize("weighted", [True, False])
def test_importance_sampling_values_another_policy(weighted):
    env = rl.RandomWalk()
    target, behaviour = np.tile([0.3, 0.7], (7, 1)), COIN
    truth = rl.solve_policy(env.P, env.R, 1.0, target)
    Q = rl.off_policy_mc_prediction(env, target, behaviour, 4000, weighted=weighted, rng=0)
    assert Q[1:-1] == pytest.approx(truth.Q[1:-1], abs=0.12)
    with pytest.raises(ValueError, match="probability above 0"):
        rl.off_policy_mc_prediction(env, behaviour, np.tile([0.0, 1.0], (7, 1)), 1)


@each_learner
def test_control_learns_the_shortest_way(learn):
    env = rl.Maze.random(3, 3, seed=3, generator="loops", max_episode_steps=500)
    cooling = rl.EpsilonGreedy(rl.linear(0.5, 0.0, 250))
    learned = learn(env, 300, alpha=0.3, gamma=0.95, policy=cooling, rng=0)
    path = rl.greedy_path(env, learned.Q)
    assert path.terminated and len(path.actions) == len(env.shortest_path()) - 1
    assert len(learned.returns) == 300 and np.array_equal(learned.returns, -learned.lengths)


def test_off_policy_control_and_exploring_starts_learn_the_best_policy():
    """In at least 13 of 14 states: the means forget the returns of earlier policies slowly."""
    env, states = rl.CornerGridworld(max_episode_steps=200), np.arange(1, 15)
    best, low = rl.optimal_actions(rl.value_iteration(env.P, env.R, 1.0).Q), np.full((16, 4), -100.0)
    for learned in (rl.off_policy_mc_control(env, 3000, rng=0, Q=low), rl.mc_exploring_starts(env, 8000, rng=0)):
        assert best[states, learned.policy[states]].sum() >= 13
    assert (rl.mc_exploring_starts(env, 1000, rng=0, Q=low).Q[states] != -100).all()     # every action was begun with


def test_q_learning_reaches_the_exact_optimum_of_a_deterministic_world():
    env = rl.CornerGridworld()
    exact = rl.value_iteration(env.P, env.R, 0.9)
    learned = rl.q_learning(env, 300, alpha=1.0, gamma=0.9, policy=rl.EpsilonGreedy(1.0), rng=0)
    assert np.allclose(learned.Q, exact.Q, rtol=1e-12, atol=0)


def test_double_q_learning_is_less_fooled_by_noise():
    """Ten arms that pay N(0, 1), nothing more: max of noisy means is too high, the second opinion is not."""
    class Noisy(rl.KArmedBandit):
        def start(self, n, rng):
            return np.zeros((self.k, n))
    env = Noisy(10, max_episode_steps=300)
    single, double = (np.mean([learn(env, 1, alpha=0.1, gamma=0.5, policy=rl.EpsilonGreedy(1.0), rng=i).Q.mean()
                               for i in range(30)]) for learn in (rl.q_learning, rl.double_q_learning))
    assert single > 0.2 and abs(double) < 0.1 < single


@each_learner
def test_the_same_seed_gives_the_same_learning(learn):
    one, other, another = (learn(rl.FrozenLake(), 10, rng=seed) for seed in (5, 5, 6))
    assert equal(one, other) and not np.array_equal(one.lengths, another.lengths)


@each_learner
def test_learning_may_go_on_where_it_stopped(learn):
    env, rng = rl.CliffWalking(max_episode_steps=100), np.random.default_rng(0)
    first = learn(env, 5, rng=rng)
    kept = first.Q.copy()
    second = learn(env, 5, rng=rng, Q=first.Q)
    assert np.array_equal(first.Q, kept) and not np.array_equal(second.Q, kept)


def test_what_is_not_tabular_is_refused():
    with pytest.raises(TypeError, match="Discrete observation space"):
        rl.q_learning(rl.CartPole(), 1)
    with pytest.raises(ValueError, match=r"Q has shape \(states, actions\) = \(48, 4\), received \(4, 48\)"):
        rl.sarsa(rl.CliffWalking(), 1, Q=np.zeros((4, 48)))
    with pytest.raises(ValueError, match="n must be at least 1"):
        rl.n_step_sarsa(rl.CliffWalking(), 1, n=0)
    with pytest.raises(ValueError, match="trace"):
        rl.sarsa_lambda(rl.CliffWalking(), 1, trace=1.1)
    with pytest.raises(ValueError, match="features has shape"):
        rl.reinforce(rl.ShortCorridor(), 1, np.zeros((4, 3, 2)), alpha=0.1)


# Policy gradient.

@pytest.mark.parametrize("baseline", [0.0, 0.01])
def test_reinforce_climbs_the_gradient_of_the_expected_return(baseline):
    """The mean of its steps, taken so small that the policy stands still, is the derivative of v(start)."""
    env, rng = rl.RandomWalk(3, left_reward=-1.0, right_reward=2.0), np.random.default_rng(0)
    features, theta = rng.normal(size=(5, 2, 3)), np.array([0.3, -0.2, 0.1])

    def value(theta):
        return rl.solve_policy(env.P, env.R, 1.0, rl.softmax(features @ theta)).V[2]
    gradient = [(value(theta + h) - value(theta - h)) / 2e-5 for h in np.eye(3) * 1e-5]
    n = 8000
    climbed = rl.reinforce(env, n, features, alpha=1e-9, baseline=baseline, theta=theta, rng=0)
    assert (climbed.theta - theta) / 1e-9 / n == pytest.approx(gradient, abs=0.1)
    assert np.linalg.norm(gradient) > 0.5 and len(climbed.returns) == n


def test_a_baseline_quietens_reinforce():
    env = rl.ShortCorridor()
    which = np.broadcast_to(np.eye(2), (4, 2, 2))
    spread = [np.std([rl.reinforce(env, 100, which, alpha=1e-9, baseline=b, rng=i).theta[0] for i in range(20)])
              for b in (0.0, 0.05)]
    assert spread[1] < 0.8 * spread[0]


# Episodes.

def test_greedy_path_stops_when_it_goes_round_in_circles():
    env = rl.CliffWalking()
    path = rl.greedy_path(env, np.zeros((48, 4)))
    assert not path.terminated and len(path.actions) == 48


def test_average_return_is_the_value_of_the_policy():
    env = rl.RandomWalk()
    assert rl.average_return(env, np.zeros((7, 2)), episodes=2000, rng=0) == pytest.approx(0.5, abs=0.05)
    Q = rl.value_iteration(env.P, env.R, 0.9).Q
    assert rl.average_return(env, Q, gamma=0.9, episodes=3) == pytest.approx(0.9**2)
