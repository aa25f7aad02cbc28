# Copyright (c) elip_mm contributors. All rights reserved.
import mmengine

from elip_mm.registry import METRICS


def test_predictions_of_all_rounds_are_dumped(tmp_path):
    path = str(tmp_path / 'a.pkl')
    metric = METRICS.build(
        dict(type='elip_mm.DumpPredictions', out_file_path=path)
    )
    for queries in ([dict(i=0), dict(i=1)], [dict(i=2)]):
        metric.process(None, queries)
        metric.evaluate(len(queries))
    assert mmengine.load(path) == [dict(i=0), dict(i=1), dict(i=2)]
