# Copyright (c) elip_mm contributors. All rights reserved.
import itertools

import numpy as np
import pytest

from elip_mm.datasets import SyntheticScenes
from elip_mm.datasets.synthetic_scenes import (
    LEVELS,
    Meaning,
    Mention,
    SceneIndex,
    compose_scene,
    get_level,
    write_caption,
)
from tests.test_datasets.test_synthetic_scenes.reader import (
    read_mentions,
    read_relations,
)

# For each relation, the axis and the sign of the step between centres.
STEPS = dict(left=(0, 1), right=(0, -1), above=(1, 1), below=(1, -1))


def fits(words, obj):
    return all(w in (-1, o) for w, o in zip(words, obj))


@pytest.mark.parametrize('level', LEVELS)
def test_flags_and_boxes_match_the_text(level):
    data = SyntheticScenes(level=level, num_scenes=200, image_size=32)
    counts = set()
    for number in range(len(data)):
        sample, scene = data[number], data.scene(number)
        reads = read_mentions(sample['text'])
        who = []
        for read in reads:
            fitting = [
                i
                for i, obj in enumerate(scene.objects)
                if fits(read.words, obj)
            ]
            assert len(fitting) == 1, sample['text']
            who += fitting
        expected = np.zeros(len(scene.objects), bool)
        expected[who] = True
        assert (sample['mentioned'] == expected).all(), sample['text']
        assert not sample['mentioned'].all()
        centres = [(obj.x, obj.y) for obj in scene.objects]
        for i, name, j in read_relations(sample['text'], reads):
            axis, sign = STEPS[name]
            step = centres[who[j]][axis] - centres[who[i]][axis]
            assert sign * step > 0.1, sample['text']
        counts.add(len(who))
    low, high = get_level(level).num_mentions
    assert counts == set(range(low, high + 1))


@pytest.mark.parametrize('level', LEVELS)
def test_meaning_is_what_the_text_says(level):
    related = 0
    for number in range(200):
        scene = compose_scene(get_level(level), 'val', 0, 0, number)
        caption = write_caption(scene.stream('any'), scene)
        reads = read_mentions(caption.text)
        relations = set()
        for i, name, j in read_relations(caption.text, reads):
            if name in ('right', 'below'):
                i, j, name = j, i, dict(right='left', below='above')[name]
            relations.add((reads[i].words, name, reads[j].words))
        said = caption.meaning
        assert sorted(map(tuple, said.mentions)) == sorted(
            read.words for read in reads
        ), caption.text
        assert relations == {
            (tuple(said.mentions[i]), name, tuple(said.mentions[j]))
            for i, name, j in said.relations
        }, caption.text
        assert said.holds(scene)
        related += bool(relations)
    if get_level(level).link_rate:
        assert 40 < related < 180
    else:
        assert related == 0


def test_equal_meanings_in_another_order_are_equal():
    a, b = Mention(shape=1, colour=2), Mention(shape=3, colour=0)
    first = Meaning((a, b), ((0, 'left', 1),))
    second = Meaning((b, a), ((1, 'left', 0),))
    assert first != second and first.canonical() == second.canonical()
    other = Meaning((b, a), ((0, 'left', 1),))
    assert other.canonical() != first.canonical()


def brute_force(meaning, scene):
    """Truth by trying every assignment, written apart from the package."""
    for cast in itertools.permutations(scene.objects, len(meaning.mentions)):
        if all(fits(m, o) for m, o in zip(meaning.mentions, cast)):
            steps = [
                (cast[j].x - cast[i].x)
                if name == 'left'
                else (cast[j].y - cast[i].y)
                for i, name, j in meaning.relations
            ]
            if all(step >= 0.12 for step in steps):
                return True
    return False


@pytest.mark.parametrize('level', LEVELS)
def test_gallery_counts_every_true_caption_as_hit(level):
    data = SyntheticScenes(
        level=level,
        split='test',
        num_scenes=30,
        captions_per_scene=3,
        test_mode=True,
    )
    assert (data.img_size, data.text_size) == (30, 90)
    scenes = [data.scene(i) for i in range(30)]
    records = data.load_data_list()
    texts = []
    for number in range(30):
        sample = data[number]
        first = 3 * number
        assert set(range(first, first + 3)) <= set(sample['gt_text_id'])
        for caption, hits in zip(
            records[number]['captions'], sample['gt_image_id']
        ):
            assert hits == [
                i
                for i, scene in enumerate(scenes)
                if brute_force(caption.meaning, scene)
            ]
        assert sample['mentioned'].shape == (3, len(sample['boxes']))
        for text, flags in zip(sample['text'], sample['mentioned']):
            assert len(read_mentions(text)) == flags.sum()
        texts += sample['text']
    for number in range(30):
        for column in range(90):
            hit = column in data.get_data_info(number)['gt_text_id']
            image_side = data.get_data_info(column // 3)['gt_image_id']
            assert hit == (number in image_side[column % 3])
    meanings = [
        caption.meaning.canonical()
        for record in records
        for caption in record['captions']
    ]
    assert len(set(meanings)) == 90


def test_two_parts_need_two_objects():
    """One red ring does not make "a ring and something red" true."""
    scene = compose_scene(get_level('easy'), 'val', 0, 0, 0)
    obj = scene.objects[0]
    alone = scene._replace(objects=(obj,))
    claim = Meaning((Mention(shape=obj.shape), Mention(colour=obj.colour)))
    assert not claim.holds(alone)
    assert SceneIndex([alone]).where_true(claim) == []


def test_full_gallery_is_specific():
    """Few captions are true elsewhere, so recall means what it says."""
    data = SyntheticScenes(
        level='easy', split='test', num_scenes=1000, test_mode=True
    )
    hits = [
        len(images)
        for i in range(1000)
        for images in data.get_data_info(i)['gt_image_id']
    ]
    assert len(hits) == 5000
    assert min(hits) == 1 and np.mean(hits) < 1.5
