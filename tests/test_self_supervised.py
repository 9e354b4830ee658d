"""Models that learn without labels: their losses are the formulas, they learn, and that is worth something."""

import numpy as np
import pytest

import tinyfm as fm
from benchmarks import self_supervised
from tinyfm import metrics
from tinyfm.data import batches, digits, to_floats
from tinyfm.data.augmentation import noise
from tinyfm.errors import SettingError, ShapeError
from tinyfm.models import autoencoder, denoising, masked_autoencoder, simclr, variational

(IMAGES, LABELS), (UNSEEN, UNSEEN_LABELS) = digits.load_data(300, 100)
X = to_floats(UNSEEN)
RNG = np.random.default_rng(0)
NETWORKS = {
    "dense": (autoencoder, autoencoder.dense), "convolutional": (autoencoder, autoencoder.convolutional),
    "denoising": (denoising, denoising.network), "masked": (masked_autoencoder, masked_autoencoder.network),
    "variational": (variational, variational.network),
}
each = pytest.mark.parametrize("name", NETWORKS)


def trained(name, images, **turned):
    room, network = NETWORKS[name]
    settings = room.Settings(**turned)
    model = network(settings)
    return model, settings, room.train(model, images, settings, verbose=0)


# ------------------------------------------------------------ every one of them

@each
def test_the_loss_falls_and_a_seed_repeats_it(name):
    _, _, losses = trained(name, IMAGES[:128], epochs=3, batch_size=32)
    _, _, again = trained(name, IMAGES[:128], epochs=3, batch_size=32)
    _, _, other = trained(name, IMAGES[:128], epochs=1, batch_size=32, seed=1)
    assert len(losses) == 3 and losses[2] < 0.95 * losses[0]
    assert losses == again and other[0] != losses[0]


@pytest.mark.parametrize("name", ["dense", "convolutional", "denoising"])
def test_shapes_and_range(name):
    room, network = NETWORKS[name]
    model = network(room.Settings(code=5))
    y = model.predict(X[:3])
    assert model.layers[0].predict(X[:3]).shape == (3, 5) and y.shape == (3, 28, 28, 1)
    assert 0 <= y.min() and y.max() <= 1


@pytest.mark.parametrize("name", ["dense", "denoising", "masked", "variational"])
def test_progress_is_a_line_for_each_epoch(name, capsys):
    room, network = NETWORKS[name]
    settings = room.Settings(epochs=2)
    room.train(network(settings), IMAGES[:64], settings)
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()] == ["epoch 1/2", "epoch 2/2"]


@pytest.mark.parametrize("images, words", [
    (IMAGES[:4] / 255, "uint8.*received float64 of shape"), (IMAGES[0], r"uint8.*shape \(28, 28\)"),
    (IMAGES[:0], r"shape \(0, 28, 28\)"),
])
def test_images_that_are_none(images, words):
    for name in NETWORKS:
        with pytest.raises(ShapeError, match=words): trained(name, images)


def test_to_floats():
    x = to_floats(IMAGES)
    assert x.shape == (300, 28, 28, 1) and x.dtype == np.float32 and x.max() == 1 and x.min() == 0
    np.testing.assert_array_equal(np.rint(255 * x[..., 0]), IMAGES)
    assert to_floats(np.zeros((2, 3, 4, 3), np.uint8)).shape == (2, 3, 4, 3)


# ------------------------------------------------------------ the formulas

def test_the_autoencoders_loss_is_the_sum_of_squares():
    y = RNG.random(X.shape)
    assert autoencoder.loss_of(y, X) == pytest.approx(np.mean([np.sum((a - b) ** 2) for a, b in zip(X, y)]))


def first_step(room, network):
    """A model, what its first and only batch is, the generator after that draw, and the loss of that step."""
    settings = room.Settings(epochs=1, batch_size=100, learning_rate=0)
    loss, = room.train(network(settings), UNSEEN, settings, verbose=0)
    rng = np.random.default_rng(settings.seed)
    return network(settings), settings, X[next(batches(100, 100, rng))], rng, loss


def test_the_denoisers_loss_is_against_the_clean_picture():
    model, settings, clean, rng, loss = first_step(denoising, denoising.network)
    told = model.predict(noise(clean, rng, settings.strength))
    assert loss == pytest.approx(np.square(told - clean).sum() / 100, rel=1e-5)


def test_the_masked_autoencoders_loss_counts_what_is_hidden_only():
    model, settings, x, rng, loss = first_step(masked_autoencoder, masked_autoencoder.network)
    hidden = masked_autoencoder.choose_hidden(100, settings.visible, rng)
    told = model.predict(masked_autoencoder.cover(x, hidden))
    expected = np.square(told - x)[masked_autoencoder.as_pixels(hidden)].sum() / 100
    assert loss == pytest.approx(expected, rel=1e-5)


def test_simclrs_loss_is_of_two_different_views():
    settings = simclr.Settings(steps=1, batch_size=16)
    encoder, projection = simclr.networks(settings)
    rng = np.random.default_rng(settings.seed)
    batch = to_floats(IMAGES)[rng.integers(0, len(IMAGES), 16)]
    views = [projection.predict(encoder.predict(simclr.view(batch, rng))) for _ in range(2)]
    loss, = simclr.train(encoder, projection, IMAGES, settings, verbose=0)
    assert loss == pytest.approx(float(fm.info_nce(*views, temperature=settings.temperature)), rel=1e-4)


def test_the_variational_divergence_is_the_integral_and_the_cost_the_likelihood():
    """KL by the mean of ln q(z) - ln p(z) over many z ~ q; the bound by its parts."""
    model = variational.network(variational.Settings(code=3))
    e = RNG.standard_normal((2, 3)).astype(np.float32)
    cost, divergence = model.loss_of(X[:2], e)
    mu, log_variance = (part.data.astype(float) for part in model.encode(X[:2]))
    z = mu + np.exp(log_variance / 2) * RNG.standard_normal((400_000, 2, 3))
    log_ratio = (-log_variance - (z - mu) ** 2 / np.exp(log_variance) + z ** 2) / 2
    assert divergence.item() == pytest.approx(log_ratio.sum(2).mean(), abs=0.02)
    p = fm.sigmoid(model.decoder((mu + np.exp(log_variance / 2) * e).astype(np.float32))).data.astype(float)
    expected = -np.sum(X[:2] * np.log(p) + (1 - X[:2]) * np.log(1 - p)) / 2
    assert cost.item() == pytest.approx(expected, rel=1e-5)


def test_only_through_the_noise_does_the_likelihood_reach_the_variance():
    """z = mu + s e: with e = 0 the cost does not depend on s, else it does, and on mu in any case."""
    model = variational.network(variational.Settings(code=3))
    reached = []
    for e in (np.zeros((4, 3), np.float32), np.ones((4, 3), np.float32)):
        for p in model.parameters(): p.grad = None
        model.loss_of(X[:4], e)[0].backward()
        slope = np.abs(model.encoder.layers[-1].kernel.grad).max(0) > 0
        reached.append((slope[:3].all(), slope[3:].any()))
    assert reached == [(True, False), (True, True)]


def test_samples_are_pictures():
    model = variational.network(variational.Settings())
    x = model.sample(4, np.random.default_rng(0))
    assert x.shape == (4, 28, 28, 1) and 0 <= x.min() and x.max() <= 1
    np.testing.assert_array_equal(x, model.sample(4, np.random.default_rng(0)))


# ------------------------------------------------------------ masks

def test_so_many_patches_are_hidden_everywhere_equally_often():
    hidden = masked_autoencoder.choose_hidden(2000, 24, np.random.default_rng(0))
    assert (hidden.sum(1) == 25).all() and np.abs(hidden.mean(0) - 25 / 49).max() < 0.05
    pixels = masked_autoencoder.as_pixels(hidden)
    assert pixels.shape == (2000, 28, 28, 1)
    for i, j in RNG.integers(0, 28, (20, 2)):
        np.testing.assert_array_equal(pixels[:, i, j, 0], hidden[:, i // 4 * 7 + j // 4])


def test_the_encoder_never_sees_what_is_hidden():
    model = masked_autoencoder.network(masked_autoencoder.Settings())
    hidden = masked_autoencoder.choose_hidden(100, 24, RNG)
    pixels = masked_autoencoder.as_pixels(hidden)
    other = np.where(pixels, RNG.random(X.shape, np.float32), X)
    np.testing.assert_array_equal(masked_autoencoder.cover(X, hidden), masked_autoencoder.cover(other, hidden))
    told = masked_autoencoder.reconstruct(model, X, hidden)
    np.testing.assert_array_equal(told[~pixels], X[~pixels])
    np.testing.assert_array_equal(told[pixels], masked_autoencoder.reconstruct(model, other, hidden)[pixels])


def test_nearest_fill_pixel_by_pixel():
    hidden = masked_autoencoder.choose_hidden(100, 10, RNG)
    filled, pixels = masked_autoencoder.nearest_fill(X, hidden), masked_autoencoder.as_pixels(hidden)[..., 0]
    np.testing.assert_array_equal(filled[~pixels], X[~pixels])
    for n, i, j in RNG.choice(np.argwhere(pixels), 30, axis=0):
        seen = np.argwhere(~pixels[n])
        far = np.square(seen - (i, j)).sum(1)
        nearest = [X[n, a, b, 0] for a, b in seen[far == far.min()]]
        assert filled[n, i, j, 0] == pytest.approx(np.mean(nearest), abs=1e-6)


# ------------------------------------------------------------ contrast

def test_info_nce_is_chance_for_equal_rows_and_nothing_for_pairs_apart():
    ones = np.ones((8, 4))
    assert fm.info_nce(ones, ones) == pytest.approx(np.log(15))
    assert fm.info_nce(np.eye(8), np.eye(8), temperature=0.02) < 1e-9
    assert fm.info_nce(np.eye(8), np.roll(np.eye(8), 1, 0), temperature=0.02) > 40


def test_info_nce_does_not_ask_which_view_is_first_nor_how_long_rows_are():
    a, b = RNG.standard_normal((2, 6, 3))
    order = RNG.permutation(6)
    expected = fm.info_nce(a, b)
    for x, y in ((b, a), (a[order], b[order]), (3 * a, 0.1 * b)): assert fm.info_nce(x, y) == pytest.approx(expected)
    assert fm.info_nce(a.astype(np.float32), b.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("a, b, settings, error, words", [
    (np.ones((3, 2)), np.ones((4, 2)), {}, ShapeError, "a has shape"),
    (np.ones(3), np.ones(3), {}, ShapeError, r"a and b must be \(n, d\)"),
    (np.ones((3, 2)), np.ones((3, 2)), {"temperature": 0}, SettingError, "temperature must be positive"),
])
def test_info_nce_refuses(a, b, settings, error, words):
    with pytest.raises(error, match=words): fm.info_nce(a, b, **settings)


def test_simclr_learns_to_find_partners():
    settings = simclr.Settings(steps=40, batch_size=32)
    encoder, projection = simclr.networks(settings)
    before = encoder.state_dict()
    losses = simclr.train(encoder, projection, IMAGES, settings, verbose=0)
    assert np.mean(losses[-8:]) < np.mean(losses[:8]) - 0.3 and losses[0] < np.log(63) + 1
    assert all(not np.array_equal(before[name], w) for name, w in encoder.state_dict().items() if "kernel" in name)
    assert encoder.predict(X[:2]).shape == (2, 4 * 4 * 128)


# ------------------------------------------------------------ what it is worth

def test_the_contact_sheet_shows_every_augmentation_and_the_table_every_method():
    rows = self_supervised.augmentations(X[:3])
    assert len(rows) == 13 and all(row.shape == (3, 28, 28, 1) for row in rows.values())
    ax = fm.plot.contact_sheet(rows, title="Augmentations")
    assert [label.get_text() for label in ax.get_yticklabels()] == list(rows) and ax.get_title() == "Augmentations"
    assert len(self_supervised.METHODS) == 9
    with pytest.raises(ShapeError, match="one shape"): fm.plot.contact_sheet({"a": X[:2], "b": X[:3]})


@pytest.mark.slow
def test_denoising_halves_the_error_and_masks_are_filled_better_than_by_mean_or_neighbours():
    (images, _), (unseen, _) = digits.load_data(4000, 500)
    model, settings, _ = trained("denoising", images, epochs=3)
    noisy, denoised = denoising.errors(model, unseen, settings)
    assert denoised < noisy / 2
    model, settings, _ = trained("masked", images, epochs=4)
    mean, nearest, told = masked_autoencoder.errors(model, images, unseen, settings).values()
    assert told < 0.8 * mean and told < 0.8 * nearest


@pytest.mark.slow
def test_simclr_is_worth_more_than_pixels_and_than_no_training():
    (images, labels), (unseen, unseen_labels) = digits.load_data(3000, 600)
    settings = simclr.Settings(steps=120, batch_size=128)
    encoder, projection = simclr.networks(settings)
    x, x_unseen = to_floats(images), to_floats(unseen)

    def score(features): return metrics.probe(features(x), labels, features(x_unseen), unseen_labels).linear.mean()

    untrained, pixels = score(encoder.predict), score(lambda x: x)
    simclr.train(encoder, projection, images, settings, verbose=0)
    assert score(encoder.predict) > max(untrained, pixels) + 0.05
