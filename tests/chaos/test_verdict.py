"""What the verdict makes of a sender's acknowledgements."""
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
