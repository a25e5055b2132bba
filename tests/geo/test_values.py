"""What counts as a value: nodata, masks, alpha, palettes, types, and the stretch that all views of a scene share."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.enums import ColorInterp

from rsvlm.geo import stretch
from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster, RsvlmError

RGBA = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]


def whole(path: str, size: tuple[int, int], **raster):
    with Scene.open(Raster(href=path, **raster)) as scene:
        return scene.view(scene.extent, size)


def noise(count: int, side: int, low: float, high: float, dtype: str) -> np.ndarray:
    return np.random.default_rng(1).uniform(low, high, (count, side, side)).astype(dtype)


def test_nodata_is_never_mixed_into_values(write):
    pixels = np.full((1, 64, 64), 500, np.int16)
    pixels[:, ::3, ::2] = -9999
    view = whole(write(pixels, nodata=-9999), (16, 16))
    assert view.valid.all() and np.allclose(view.pixels, 500)


def test_valid_share_is_the_share_of_the_area_that_has_values(write):
    pixels = np.full((3, 60, 60), 700, np.uint16)
    pixels[:, :, :15] = 0
    assert whole(write(pixels, nodata=0), (20, 20)).valid_share == 0.75


def test_one_black_band_of_a_colour_is_no_nodata(write):
    pixels = np.full((3, 8, 8), 90, np.uint8)
    pixels[0] = 0
    pixels[:, 0] = 0
    view = whole(write(pixels, nodata=0), (8, 8))
    assert view.valid[1:].all() and not view.valid[0].any()
    assert view.rgb()[4, 4].tolist() == [0, 90, 90]


def test_what_the_request_says_of_nodata_counts_instead_of_the_file(write):
    pixels = np.full((3, 8, 8), 90, np.uint8)
    pixels[:, 0] = 0
    pixels[:, :, 7] = 255
    path = write(pixels, nodata=255)
    for told, empty in (([0.0] * 3, pixels[0] == 0), ([None] * 3, pixels[0] == 1), (None, pixels[0] == 255)):
        with Scene.open(Raster(href=path, nodata=told)) as scene:
            assert np.array_equal(scene.view(scene.extent, (8, 8)).valid, ~empty)
    with pytest.raises(RsvlmError, match="has 3 bands, and nodata is given for 1") as caught:
        Scene.open(Raster(href=path, nodata=[0.0]))
    assert caught.value.code == "bad_request"


def test_sentinel_in_any_band_is_nodata(write):
    pixels = np.full((3, 8, 8), 0.2, np.float32)
    pixels[1, 2, 3] = -9999
    view = whole(write(pixels, nodata=-9999), (8, 8))
    assert not view.valid[2, 3] and view.valid.sum() == 63


def test_nan_infinity_and_undeclared_sentinels_are_not_values(write):
    pixels = np.full((1, 32, 32), 3.0, np.float32)
    pixels[0, ::2, ::2] = np.nan
    pixels[0, 1, 1], pixels[0, 3, 3] = np.inf, -3.4e38
    view = whole(write(pixels), (8, 8))
    assert view.valid.all() and np.allclose(view.pixels, 3.0)
    native = whole(write(pixels, name="b.tif"), (32, 32))
    assert native.valid.sum() == 1024 - 256 - 2 and np.isfinite(native.pixels).all()


@pytest.mark.parametrize("fill", ["nan", "nodata"])
def test_raster_without_any_value_opens_and_shows_nothing(write, fill):
    pixels = np.full((1, 16, 16), np.nan if fill == "nan" else -1, np.float32)
    view = whole(write(pixels, nodata=None if fill == "nan" else -1), (8, 8))
    assert view.valid_share == 0.0 and (view.rgb() == 0).all()
    assert view.stretch.method == "no valid pixels"


def test_mask_of_the_dataset_hides_pixels(write):
    mask = np.full((8, 8), 255, np.uint8)
    mask[:4] = 0
    view = whole(write(np.full((3, 8, 8), 50, np.uint8), mask=mask), (8, 8))
    assert view.valid[4:].all() and not view.valid[:4].any()


def test_alpha_hides_pixels_and_is_no_band_to_see(write):
    pixels = np.full((4, 16, 16), 120, np.uint8)
    pixels[3] = 255
    pixels[3, :, :4] = 0
    view = whole(write(pixels, colours=RGBA), (16, 16))
    assert view.pixels.shape[0] == 3 and view.valid_share == 0.75


def test_near_infrared_that_is_labelled_alpha_does_not_hide_pixels(write):
    pixels = noise(4, 32, 0, 255, "uint8")
    pixels[3, :, :16] //= 4
    with Scene.open(Raster(href=write(pixels, colours=RGBA))) as scene:
        assert scene.rgb_bands == (1, 2, 3) and scene.view(scene.extent, (32, 32)).valid.all()


def test_empty_margin_of_a_16_bit_image_is_nodata_though_undeclared(write):
    pixels = noise(4, 40, 1000, 3000, "uint16")
    pixels[:, :, :10] = 0
    view = whole(write(pixels), (40, 40))
    assert view.valid_share == 0.75 and min(view.stretch.lo) > 700


def test_palette_becomes_its_colours_before_they_are_averaged(write):
    indexes = np.zeros((1, 8, 8), np.uint8)
    indexes[:, :, ::2] = 7
    view = whole(write(indexes, palette={0: (255, 0, 0, 255), 7: (0, 100, 200, 255)}), (4, 4))
    assert view.rgb()[2, 2].tolist() == [128, 50, 100]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"])
def test_every_real_type_is_seen_from_dark_to_bright(write, dtype):
    pixels = np.linspace(1, 120, 1024).reshape(1, 32, 32).astype(dtype)
    seen = whole(write(pixels), (32, 32)).rgb()
    assert seen[0, 0, 0] < 40 and seen[-1, -1, 0] > 110 and (seen[..., 0] == seen[..., 2]).all()


def test_complex_numbers_are_refused_in_words(write):
    with pytest.raises(RsvlmError) as caught:
        whole(write(np.ones((1, 4, 4), np.complex64)), (4, 4))
    assert (
        caught.value.code == "bad_raster"
        and "complex numbers" in caught.value.message
        and "amplitude" in caught.value.hint
    )


def test_photograph_of_8_bit_is_left_as_it_is(write):
    pixels = noise(3, 64, 20, 230, "uint8")
    view = whole(write(pixels), (64, 64))
    np.testing.assert_array_equal(view.rgb(), pixels.transpose(1, 2, 0))
    assert view.stretch.to_json() == {
        "bands": [1, 2, 3],
        "lo": [0, 0, 0],
        "hi": [255, 255, 255],
        "method": "unchanged 8 bit",
    }


def test_dull_photograph_is_spread_without_a_change_of_colour(write):
    base = noise(1, 64, 90, 110, "uint8")
    seen = whole(write(np.concatenate([base, base - 10, base - 20])), (64, 64)).rgb().astype(int)
    assert seen.std() > 25
    assert abs((seen[..., 0] - seen[..., 1]).mean() - (seen[..., 1] - seen[..., 2]).mean()) < 2


def test_16_bit_scene_uses_the_whole_range_of_brightness(write):
    seen = whole(write(noise(3, 64, 1000, 3000, "uint16")), (64, 64)).rgb()
    assert np.percentile(seen, 2) < 45 and np.percentile(seen, 98) > 235


def test_stretch_is_of_the_scene_and_not_of_the_extent(write):
    pixels = np.concatenate([noise(1, 64, 100, 200, "uint16"), noise(1, 64, 3000, 4000, "uint16")], axis=2)
    path = write(pixels)
    with Scene.open(Raster(href=path)) as scene:
        all_of_it = scene.view(scene.extent, (128, 64))
    x0, y0, x1, y1 = scene.extent
    with Scene.open(Raster(href=path, extent=[x0, y0, (x0 + x1) / 2, y1])) as scene:
        dark = scene.view(scene.extent, (64, 64))
    assert dark.stretch == all_of_it.stretch
    np.testing.assert_array_equal(dark.rgb(), all_of_it.rgb()[:, :64])
    assert dark.rgb().max() < 60


def test_one_value_everywhere_is_middle_grey():
    fitted = stretch.fit(np.full((3, 50), 1234.0, np.float32), (1, 2, 3), photo=False)
    assert np.unique(fitted.apply(np.full((3, 2, 2), 1234.0, np.float32))).tolist() == [128]


def test_red_desert_stays_red():
    random = np.random.default_rng(0)
    light = random.uniform(0.6, 1.0, 5000)
    samples = np.stack([light * 9000, light * 6500, light * 4000]).astype(np.float32)
    red, green, blue = stretch.fit(samples, (3, 2, 1), photo=False).apply(samples[:, None]).reshape(3, -1).mean(axis=1)
    assert red > green + 8 > blue + 16
