"""What the verdict makes of a sender's acknowledgements."""
import collections

import dues
import load
import verdict


def sent(offset, value):
    return load.Sent("web", 1, offset, value, "C-1", None, None)


def test_a_record_acknowledged_without_an_offset_is_found():
    held = {("web", 1, 0): b"a", ("web", 1, 1): b"b", ("web", 1, 2): b"b", ("web", 1, 3): b"c"}
    told = [sent(0, b"a"), sent(None, b"b"), sent(None, b"b"), sent(None, b"c")]
    assert [s.offset for s in verdict.placed(told, held)] == [0, 1, 2, 3]


def test_a_lost_record_stays_lost():
    assert [s.offset for s in verdict.placed([sent(None, b"x")], {("web", 1, 0): b"a"})] == [None]


def test_what_another_laid_claim_to_is_not_given_away():
    assert [s.offset for s in verdict.placed([sent(0, b"a"), sent(None, b"a")], {("web", 1, 0): b"a"})] == [0, None]


def fell_due(counts, ripe):
    """What is said of a run with these counts by kind, and so many of each kind of customer."""
    held, partition = object.__new__(verdict.Verdict), verdict.Partition(0, "voc.classified")
    partition.fallen = collections.Counter(counts)
    ways = ((dues.SILENT, "case_silence"), (dues.DESKS, "case_settle"), (dues.SHOPPERS, "client_lapse"))
    partition.ripe = {(f"{name}-{n}", kind) for (name, kind), count in zip(ways, ripe) for n in range(count)}
    held.partitions = {0: partition}
    return held.fell_due()


def test_a_run_in_which_little_fell_due_is_seen():
    enough = {kind: verdict.LEAST_DUES for kind in dues.KINDS}
    least = verdict.LEAST_RIPE
    assert fell_due(enough, (least, least, least)) == []
    assert len(fell_due({}, (0, 0, 0))) == 5
    assert len(fell_due({**enough, "client_lapse": 0}, (least, least, 0))) == 2
    assert len(fell_due({kind: 1 for kind in dues.KINDS}, (least, least, least))) == 1


def test_only_due_records_that_took_effect_count():
    partition = verdict.Partition(0, "voc.classified")
    partition.fall_due(0, "nobody", "case_settle", "other-1", 5)
    assert not partition.fallen and not partition.ripe and partition.totals["dues_stale"] == 1
