# Copyright (c) elip_mm contributors. All rights reserved.
import json

import pytest

from elip_mm.datasets.image_files import ImageGuard
from elip_mm.datasets.pair_records import PairReader, join_images, read_list


@pytest.fixture
def said(monkeypatch):
    lines = []
    monkeypatch.setattr(
        'elip_mm.datasets.pair_records.print_log',
        lambda text, **kwargs: lines.append(text),
    )
    return lines


def read(*files, gallery=False):
    reader = PairReader('', ImageGuard(), gallery)
    for number, records in enumerate(files):
        reader.read(f'{number}.json', records)
    return reader.finish()


def record(image='a.jpg', caption='text', **more):
    return dict(image=image, caption=caption, **more)


# ---- one image, one number ----------------------------------------------


def test_one_number_for_two_images_is_an_error_that_names_both():
    message = (
        "image_id 7 stands for two images, 'a.jpg' in record 0 of '0.json' "
        "and 'b.jpg' in record 2"
    )
    with pytest.raises(ValueError, match=message):
        read(
            [
                record(image_id=7),
                record('c.jpg', image_id='7'),
                record('b.jpg', image_id=7),
            ]
        )


def test_numbers_count_within_their_file_and_paths_everywhere():
    records = read(
        [record(image_id=1), record('b.jpg', image_id=2)],
        [record('b.jpg', image_id=1), record('./a.jpg'), record('c.jpg')],
    )
    assert [r['image_id'] for r in records] == [0, 1, 1, 0, 2]


def test_an_image_under_two_numbers_is_one_image():
    records = read([record(image_id=1), record(caption='b', image_id=2)])
    (joined,) = join_images(records)
    assert joined['text'] == ['text', 'b']


# ---- captions -----------------------------------------------------------


def test_an_empty_text_beside_others_is_skipped_and_counted(said):
    captions = [['a', ' ', 'b'], ['', '\n', 'c'], 'd']
    records = read([record(caption=own) for own in captions])
    assert [r['text'] for r in records] == [['a', 'b'], 'c', 'd']
    assert said == [
        "ImageTextPairs: 3 empty captions are skipped: record 0 of '0.json', "
        "record 1 of '0.json', record 1 of '0.json' (3 in all)."
    ]


def test_training_refuses_records_without_text_and_counts_them():
    empty = [record(caption=own) for own in ('', [], [' ', ''], None)]
    message = (
        "record 1 of '0.json', record 2 of '0.json', record 3 of '0.json', "
        r'\.\.\. \(4 in all\) needs a "caption" with more than white space'
    )
    with pytest.raises(ValueError, match=message):
        read([record(), *empty])


def test_images_without_captions_are_candidates_of_a_gallery(said):
    empty = [record('b.jpg', []), dict(image='c.jpg'), record('d.jpg', ' ')]
    records = join_images(read([record(), *empty], gallery=True))
    assert [r['text'] for r in records] == [['text'], [], [], []]
    (line,) = said
    assert '1 empty captions are skipped' in line


def test_a_gallery_without_any_caption_is_refused():
    with pytest.raises(ValueError, match='a retrieval gallery needs captions'):
        read([record(caption=[]), dict(image='b.jpg')], gallery=True)


# ---- files --------------------------------------------------------------


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path):
    path = tmp_path / 'a.json'
    path.write_bytes(b'\xef\xbb\xbf' + json.dumps([record()]).encode())
    assert read_list(str(path)) == [record()]


@pytest.mark.parametrize('content', ['é'.encode('latin-1'), b'\xff\xfe[\0'])
def test_other_encodings_are_refused(tmp_path, content):
    path = tmp_path / 'a.json'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='a.json.* is not valid json in UTF'):
        read_list(str(path))


def test_true_is_no_image_id():
    with pytest.raises(ValueError, match='"image_id" as a number or text'):
        read([record(image_id=True)])
