"""Augmentation: what an image or a text may undergo without becoming another one.

    x = shift(x, rng, 2);  x = random_affine(x, rng);  x = noise(x, rng, 0.1)

Read in this order: warp (one gather moves every pixel), geometry, pixels, mixing, tokens.

Images are (n, height, width, channels), uint8 from 0 to 255 or floating from 0 to 1, and stay so.  Nothing is changed
in place; whatever is random comes from `rng`; each example draws for itself.  A strength of 0 changes nothing.
"""
from tinyfm.data.augmentation.geometry import (
    crop,
    cropping,
    elastic,
    flip,
    random_affine,
    rotate,
    rotation,
    scale,
    scaling,
    shear,
    shearing,
    shift,
    translation,
)
from tinyfm.data.augmentation.mixing import cutmix, mixup
from tinyfm.data.augmentation.pixels import erase, noise
from tinyfm.data.augmentation.tokens import delete_tokens, mask_tokens
from tinyfm.data.augmentation.warp import affine, warp

__all__ = [
    "affine", "crop", "cropping", "cutmix", "delete_tokens", "elastic", "erase", "flip", "mask_tokens", "mixup",
    "noise", "random_affine", "rotate", "rotation", "scale", "scaling", "shear", "shearing", "shift", "translation",
    "warp",
]
