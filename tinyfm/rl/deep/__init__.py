"""Learning with networks: one algorithm, one file, in the order of its paper. Read reinforce, actor_critic, ppo, dqn.

    from tinyfm.rl.deep import ppo
    agent = ppo.train(rl.CartPole(), ppo.Settings(seed=0))

Each `Settings` holds all that may be turned, each `train(env, settings)` is the whole algorithm, and
`python -m tinyfm.rl.deep.ppo` prints what it reaches on CartPole. `copies` is what the environments look like to them.
"""
