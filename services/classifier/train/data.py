"""The sets: where the rows come from, which are held out, and what the large sets say weakly.

Labels are those of the project's label definitions. Rows of `annotated/` part 4, of the development pool and of
`written/` part 8 are never trained on: tests/eval measures there.
"""
import csv
import json
import pathlib
import random
import zlib

HERE = pathlib.Path(__file__).resolve().parent

LANGS = ("ko", "en")
FEEDBACK = ("complaint", "opinion", "question")
SATISFACTION = ("dissatisfied", "neutral", "satisfied", "delighted")
FACTORS = ("product_service", "emotion", "attribution", "equity", "word_of_mouth")
SERVQUAL = ("none", "reliability", "responsiveness", "assurance", "empathy", "tangibles")
SIGNALS = ("sentiment", "request", "feeling", "complaint", "delight", "churn", "rhetoric")

CORRECTED = "corrections"

ANNOTATED_TRAIN, ANNOTATED_HELD = (1, 2, 3), (4,)
WRITTEN_TRAIN, WRITTEN_HELD = (1, 2, 3, 4, 5, 6, 7), (8,)


def read_jsonl(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_tsv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def one_line(text):
    return " ".join(text.split())


def _labels(row):
    return {
        "feedback_type": row["feedback_type"], "satisfaction": row["satisfaction"],
        "primary_factor": row["primary_factor"], "servqual": row["servqual"],
        "factors": [f for f in row["factors"].split(",") if f in FACTORS],
        "churn_intent": row["churn_intent"] == "1",
    }


def _labelled(texts, labels):
    by_id = {row["id"]: row for row in labels}
    for text in texts:
        yield dict(_labels(by_id[text["id"]]), text=text["text"], lang=text["lang"], group=text["source"])


def annotated(data, parts):
    for lang in LANGS:
        for part in parts:
            yield from _labelled(read_jsonl(f"{data}/annotated/texts-{lang}-{part}.jsonl"),
                                 read_tsv(f"{data}/annotated/labels-{lang}-{part}.tsv"))


def dev_pool(data):
    labels = [row for lang in LANGS for row in read_tsv(f"{data}/dev-labels-{lang}.tsv")]
    yield from _labelled(read_jsonl(f"{data}/dev-pool.jsonl"), labels)


def written(data, parts):
    for lang in LANGS:
        for part in parts:
            for row in read_jsonl(f"{data}/written/{lang}-{part}.jsonl"):
                yield dict(row, lang=lang, group=row["domain"])


def read(data):
    """
    Texts of the large sets that were labelled by reading (read-*.tsv): those which a former model was unsure of, or which might have a
    rare label. Only the labels are kept there, with the row's id and a checksum of its text, since the sets have licences of their own.
    """
    for lang in LANGS:
        labels = read_tsv(HERE / f"read-{lang}.tsv")
        texts = {}
        for name in sorted({set_of(row) for row in labels}):
            texts.update((row["id"], one_line(row["text"])) for row in read_tsv(f"{data}/train/{name}/data.tsv"))
        for row in labels:
            text = texts[row["id"]]
            if checksum(text) != row["checksum"]:
                raise ValueError(f"{row['id']} is not the text that was labelled")
            yield dict(_labels(row), text=text, lang=lang, group=set_of(row), read=True)


def set_of(row):
    """A row's id is that of its set with a number."""
    return row["id"].rsplit("-", 1)[0]


def checksum(text):
    return f"{zlib.crc32(text.encode()):08x}"


def plain(folder=HERE, name="plain"):
    """
    Rows of our own in the plain words of app stores, short messages and review sites (plain-*.jsonl), and those that were written to tell
    one label from its neighbour (contrast-*.jsonl): near misses, hedged and neutral remarks, far more of them than customers send.
    """
    for lang in LANGS:
        for row in read_jsonl(f"{folder}/{name}-{lang}.jsonl"):
            yield dict(row, lang=lang, group="plain-" + row["domain"], contrast=name == "contrast")


def corrections(path):
    """What people corrected: lines like those of written/, with their lang; a head that nobody judged is None."""
    for row in read_jsonl(path):
        known = {head: row.get(head) for head in
                 ("feedback_type", "satisfaction", "primary_factor", "factors", "servqual", "churn_intent")}
        yield dict(known, text=row["text"], lang=row["lang"], group=CORRECTED)


def training_rows(data, corrected=None):
    yield from annotated(data, ANNOTATED_TRAIN)
    yield from read(data)
    yield from written(data, WRITTEN_TRAIN)
    yield from plain()
    yield from plain(name="contrast")
    yield from pairs()
    if corrected:
        yield from corrections(corrected)


FAULTS_KO = (("늦", "늦었어요"), ("불편하", "불편해요"), ("비싸", "비싸요"), ("느리", "느려요"), ("시끄럽", "시끄러워요"),
             ("복잡하", "복잡해요"), ("길", "길어요"), ("심하", "심해요"), ("더럽", "더러워요"), ("짜", "짜요"),
             ("질기", "질겨요"), ("다르", "달라요"), ("아깝", "아까워요"), ("분실되", "분실됐어요"), ("파손되", "파손됐어요"),
             ("지연되", "지연됐어요"), ("끊기", "끊겨요"), ("튕기", "튕겨요"), ("망가지", "망가졌어요"), ("무례하", "무례해요"),
             ("눅눅하", "눅눅해요"), ("무겁", "무거워요"), ("좁", "좁아요"), ("춥", "추워요"), ("위험하", "위험해요"))
MERITS_KO = ("친절해요", "좋아요", "편해요", "맛있어요", "깨끗해요", "빨라요", "도움이 돼요", "믿음이 가요", "예뻐요", "만족스러워요")
FAULTS_EN = ("late", "cold", "rude", "slow", "broken", "damaged", "lost", "dirty", "uncomfortable", "noisy", "crowded",
             "too long", "expensive", "confusing", "declined", "missing", "delayed", "disappointing", "boring")
FAILS_EN = (("crashes", "crash", "crashed"), ("fails", "fail", "failed"), ("freezes", "freeze", "frozen"),
            ("drops the signal", "drop the signal", "dropped the signal"), ("breaks", "break", "broken"),
            ("lets me down", "let me down", "let me down"), ("disappoints", "disappoint", "disappointed me"),
            ("loses my data", "lose my data", "lost my data"), ("charges me twice", "charge me twice", "charged me twice"),
            ("keeps me waiting", "keep me waiting", "kept me waiting"))


def pairs():
    """Short minimal pairs of our own: what a denial does, for many words. They say nothing of SERVQUAL."""
    bad_ko = ("문제", "불만", "하자", "고장", "오류", "불편한 점", "이상", "흠집", "실수", "끊김", "소음", "냄새")
    where_ko = ("", "제품에 ", "배송에 ", "사용하는 데 ", "이번에는 ")
    good_ko = (("친절하", "친절해요"), ("만족스럽", "만족스러워요"), ("깨끗하", "깨끗해요"), ("편하", "편해요"),
               ("마음에 들", "마음에 들어요"), ("맛있", "맛있어요"), ("빠르", "빨라요"), ("튼튼하", "튼튼해요"))
    bad_en = ("problem", "issue", "complaint", "fault", "delay", "error", "defect", "concern")
    good_en = ("good", "helpful", "friendly", "clean", "happy with it", "satisfied", "easy to use", "fast", "polite")
    leave_ko = ("해지", "탈퇴", "취소", "환불", "구독 취소", "계정 삭제")
    leave_en = ("cancel my contract", "close my account", "switch to another provider", "delete the app", "leave you")

    def row(lang, text, kind, churn=False):
        feedback, satisfaction, factors, servqual = {
            "bad": ("complaint", "dissatisfied", ["product_service"], None),
            "good": ("opinion", "satisfied", ["product_service"], None),
            "left": ("complaint", "dissatisfied", [], "none"), "stays": ("opinion", "neutral", [], "none")}[kind]
        return {"text": text, "lang": lang, "group": "pairs-" + kind + lang, "feedback_type": feedback,
                "satisfaction": satisfaction, "primary_factor": factors[0] if factors else "none",
                "factors": factors, "servqual": servqual, "churn_intent": churn}

    for i, noun in enumerate(bad_ko):
        for where in where_ko:
            subject = noun + ("이" if (ord(noun[-1]) - 0xAC00) % 28 else "가")
            for j, end in enumerate(("어요", "습니다", "었어요", "었습니다")):
                yield row("ko", f"{where}{subject} 있{end}", "bad")
                yield row("ko", f"{where}{(noun, subject)[j % 2]}{('', ' 전혀', ' 하나도')[(i + j) % 3]} 없{end}", "good")
    for stem, said in good_ko:
        for who in ("직원이 ", "정말 ", "여기는 ", ""):
            yield row("ko", who + said, "good")
            yield row("ko", f"{who}{stem}지 않아요", "bad")
            yield row("ko", f"{who}{stem}지 않네요", "bad")
    for stem, said in FAULTS_KO:
        for what in ("", "이번에는 ", "생각보다 "):
            yield row("ko", what + said, "bad")
            for end in ("지 않아요", "지 않았어요", "지 않네요", "지도 않고 좋아요"):
                yield row("ko", what + stem + end, "good")
        yield row("ko", "안 " + said, "good")
        yield row("ko", "하나도 안 " + said, "good")
    for said in MERITS_KO:
        for who in ("", "전혀 ", "별로 ", "직원이 ", "여기는 "):
            yield row("ko", f"{who}안 {said}", "bad")
        yield row("ko", "정말 " + said, "good")
    for word in FAULTS_EN:
        for who in ("It was", "The service was", "The order was", "Everything was"):
            yield row("en", f"{who} {word}", "bad")
            yield row("en", f"{who} not {word}", "good")
            yield row("en", f"{who}n't {word} at all", "good")
    for now, bare, done in FAILS_EN:
        for who in ("It", "The app", "This thing"):
            yield row("en", f"{who} {now}", "bad")
            yield row("en", f"{who} {now} all the time", "bad")
            yield row("en", f"{who} never {now}", "good")
            yield row("en", f"{who} doesn't {bare}", "good")
            yield row("en", f"{who} hasn't {done} once", "good")
    for word in bad_en:
        for where in ("", " with the order", " with my bill", " so far", " with this"):
            yield row("en", f"There {('is', 'was')[len(where) % 2]} a {word}{where}", "bad")
            yield row("en", f"I have a {word}{where}", "bad")
            yield row("en", f"There was no {word}{where}", "good")
            yield row("en", f"I had no {word}s{where}", "good")
    for word in good_en:
        for who in ("I am", "They are", "The place is", "It was"):
            yield row("en", f"{who} {word}", "good")
            yield row("en", f"{who} not {word}", "bad")
            yield row("en", f"{who} not {word} at all", "bad")
    for word in leave_ko:
        for end, stay in (("할게요", " 안 할게요"), ("합니다", "하지 않겠습니다"), ("하려고요", "할 생각은 없어요")):
            yield row("ko", word + end, "left", True)
            yield row("ko", word + stay, "stays")
    for word in leave_en:
        yield row("en", f"I will {word}", "left", True)
        yield row("en", f"I am going to {word}", "left", True)
        yield row("en", f"I will not {word}", "stays")
        yield row("en", f"I am not going to {word}", "stays")


def kind_of(row):
    if row.get("contrast"):
        return "contrast"
    if row["group"] in SETS_ANNOTATED:
        return "read" if row.get("read") else "real"
    if row["group"].startswith("pairs-"):
        return "pairs"
    return "plain" if row["group"].startswith("plain-") else "written"


def fold_of(row, folds):
    """Whole sources and domains go into one fold: what is measured across folds is a change of domain."""
    return zlib.crc32(row["group"].encode()) % folds


class Sets:
    """Rows of train/ by set, in a seeded order."""

    def __init__(self, data, seed):
        self.data, self.seed = data, seed

    def take(self, name, count, keep):
        """Up to `count` texts of the set whose row satisfies `keep`."""
        rows = [r for r in read_tsv(f"{self.data}/train/{name}/data.tsv") if keep(r)]
        random.Random(f"{self.seed}/{name}/{count}").shuffle(rows)
        return [one_line(r["text"])[:600] for r in rows[:count]]


def unlabelled(data, lang):
    """All texts of the large sets in this language, for what needs no labels."""
    for name in SETS:
        if (lang == "ko") == ("-ko" in name):
            for row in read_tsv(f"{data}/train/{name}/data.tsv"):
                if row.get("lang", "EN") == "EN":
                    yield one_line(row["text"])


ANGRY = {"anger", "annoyance", "disappointment", "disapproval", "disgust", "sadness"}
GLAD = {"admiration", "approval", "excitement", "gratitude", "joy", "love", "optimism", "pride", "relief"}
STRONG = {"admiration", "excitement", "gratitude", "joy", "love"}
FELT = {"anger", "annoyance", "disappointment", "sadness", "joy", "love", "gratitude", "disgust", "grief"}
KOTE_BAD = {"불평/불만", "화남/분노", "짜증"}
KOTE_GOOD = {"기쁨", "행복", "환영/호의", "고마움", "감동/감탄"}
LEAVING = {"terminate_account", "request_refund", "cancel_order", "get_refund", "delete_account",
           "check_cancellation_fee", "cancel_reservation", "closeaccount", "stoporder"}


def emotions(row):
    return set(row["emotions"].split(","))


def kote(row, yes, no):
    found = emotions(row)
    return found & yes and not found & no


def aspects(row):
    return {a.rsplit(":", 1)[1] for a in row["aspects"].split(",")}


def intents(row):
    return set(row.get("intent", row.get("intents", "")).split(","))


def signal_rows(sets, signal):
    """(positives, negatives) of one signal: what the sets' own labels say of it."""
    t = sets.take
    if signal == "sentiment":
        return (t("naver-shopping-ko", 9000, lambda r: r["rating"] in "45")
                + t("nsmc-ko", 7000, lambda r: int(r["rating10"]) >= 9)
                + t("kote-ko", 3000, lambda r: kote(r, KOTE_GOOD, KOTE_BAD))
                + t("uci-sentences-en", 3000, lambda r: r["positive"] == "1")
                + t("nhs-fft-en", 3000, lambda r: r["sentiment5"] in ("1", "2"))
                + t("nhs-fft-phase1-en", 3000, lambda r: int(r["criticality"] or 0) > 0)
                + t("mams-absa-en", 2000, lambda r: "positive" in aspects(r) and "negative" not in aspects(r))
                + t("goemotions-en", 6000, lambda r: emotions(r) & GLAD and not emotions(r) & ANGRY),
                t("naver-shopping-ko", 9001, lambda r: r["rating"] in "12")
                + t("nsmc-ko", 7001, lambda r: int(r["rating10"]) <= 3)
                + t("kote-ko", 3001, lambda r: kote(r, KOTE_BAD, KOTE_GOOD))
                + t("uci-sentences-en", 3001, lambda r: r["positive"] == "0")
                + t("nhs-fft-en", 3001, lambda r: r["sentiment5"] in ("4", "5"))
                + t("nhs-fft-phase1-en", 3001, lambda r: int(r["criticality"] or 0) < 0)
                + t("mams-absa-en", 2001, lambda r: "negative" in aspects(r) and "positive" not in aspects(r))
                + t("cfpb-narratives-en", 2000, lambda r: True)
                + t("goemotions-en", 6001, lambda r: emotions(r) & ANGRY and not emotions(r) & GLAD))
    if signal == "request":
        return (t("3i4k-ko", 10000, lambda r: r["act"] in ("question", "command"))
                + t("stylekqc-ko", 4000, lambda r: True)
                + t("banking77-en", 3000, lambda r: True) + t("clinc150-en", 4000, lambda r: True)
                + t("bitext-support-en", 3000, lambda r: r["intent"] not in ("complaint", "review"))
                + t("multidogo-en", 3000, lambda r: intents(r) - {"contentonly", "outofdomain", "thankyou",
                                                                  "confirmation", "rejection", "openinggreeting",
                                                                  "closinggreeting"})
                + t("goemotions-en", 2000, lambda r: "curiosity" in emotions(r)),
                t("3i4k-ko", 6000, lambda r: r["act"] in ("statement", "rhetorical_question"))
                + t("naver-shopping-ko-unlabelled", 4000, lambda r: True) + t("nsmc-ko", 2000, lambda r: True)
                + t("uci-sentences-en", 2000, lambda r: True) + t("nhs-fft-phase1-en", 3000, lambda r: True)
                + t("mams-absa-en", 2000, lambda r: True) + t("cfpb-narratives-en", 2000, lambda r: True)
                + t("goemotions-en", 4000, lambda r: not emotions(r) & {"curiosity", "confusion"}))
    if signal == "feeling":
        return (t("goemotions-en", 9000, lambda r: emotions(r) & FELT)
                + t("goemotions-mt-ko", 9000, lambda r: emotions(r) & FELT),
                t("goemotions-en", 9001, lambda r: emotions(r) == {"neutral"})
                + t("goemotions-mt-ko", 9001, lambda r: emotions(r) == {"neutral"})
                + t("clinc150-en", 2000, lambda r: True) + t("chatbot-ko", 2000, lambda r: r["topic"] == "daily"))
    if signal == "complaint":
        return (t("kote-ko", 4000, lambda r: "불평/불만" in emotions(r) and not emotions(r) & KOTE_GOOD)
                + t("naver-shopping-ko", 5002, lambda r: r["rating"] == "1")
                + t("cfpb-narratives-en", 3000, lambda r: True)
                + t("nhs-fft-phase1-en", 3000, lambda r: int(r["criticality"] or 0) < -1)
                + t("uci-sentences-en", 1001, lambda r: r["positive"] == "0")
                + t("bitext-support-en", 900, lambda r: r["intent"] in ("complaint", "payment_issue"))
                + t("multidogo-en", 1000, lambda r: intents(r) & {"reportbrokensoftware", "reportbrokenphone",
                                                                  "disputecharge"}),
                t("kote-ko", 4001, lambda r: not emotions(r) & KOTE_BAD)
                + t("naver-shopping-ko", 5003, lambda r: r["rating"] in "45")
                + t("3i4k-ko", 3000, lambda r: True) + t("banking77-en", 1500, lambda r: True)
                + t("clinc150-en", 2000, lambda r: True) + t("mams-absa-en", 1500, lambda r: True)
                + t("goemotions-en", 4001, lambda r: not emotions(r) & ANGRY)
                + t("nhs-fft-phase1-en", 3001, lambda r: int(r["criticality"] or 0) > 0)
                + t("multidogo-en", 2000, lambda r: not intents(r) & {"reportbrokensoftware", "reportbrokenphone",
                                                                      "disputecharge"}))
    if signal == "delight":
        return (t("kote-ko", 3000, lambda r: kote(r, {"감동/감탄"}, KOTE_BAD))
                + t("goemotions-en", 6000, lambda r: emotions(r) & STRONG)
                + t("goemotions-mt-ko", 4000, lambda r: emotions(r) & STRONG)
                + t("nsmc-ko", 4000, lambda r: r["rating10"] == "10")
                + t("nhs-fft-phase1-en", 2000, lambda r: int(r["criticality"] or 0) >= 4),
                t("kote-ko", 3001, lambda r: not emotions(r) & {"감동/감탄", "행복", "기쁨"})
                + t("goemotions-en", 6002, lambda r: not emotions(r) & STRONG)
                + t("goemotions-mt-ko", 4001, lambda r: not emotions(r) & STRONG)
                + t("nsmc-ko", 4001, lambda r: int(r["rating10"]) in (5, 6, 7, 8))
                + t("nhs-fft-phase1-en", 2001, lambda r: int(r["criticality"] or 0) in (1, 2)))
    if signal == "churn":
        return (t("churn-intent-en-de", 400, lambda r: r["lang"] == "EN" and r["churn"] == "1")
                + t("banking77-en", 900, lambda r: intents(r) & LEAVING)
                + t("bitext-support-en", 1500, lambda r: intents(r) & LEAVING)
                + t("clinc150-en", 300, lambda r: intents(r) & LEAVING)
                + t("multidogo-en", 100, lambda r: intents(r) & LEAVING)
                + t("naver-shopping-ko", 600, lambda r: any(w in r["text"] for w in ("환불", "다신", "다시는"))
                    and r["rating"] in "12"),
                t("churn-intent-en-de", 401, lambda r: r["lang"] == "EN" and r["churn"] == "0")
                + t("banking77-en", 2000, lambda r: not intents(r) & LEAVING)
                + t("bitext-support-en", 2500, lambda r: not intents(r) & LEAVING)
                + t("clinc150-en", 1500, lambda r: not intents(r) & LEAVING)
                + t("multidogo-en", 1500, lambda r: not intents(r) & LEAVING)
                + t("naver-shopping-ko", 2000, lambda r: not any(w in r["text"] for w in ("환불", "다신", "다시는"))))
    return (t("3i4k-ko", 2600, lambda r: r["act"] in ("rhetorical_question", "rhetorical_command")),
            t("3i4k-ko", 4000, lambda r: r["act"] == "question")
            + t("stylekqc-ko", 1500, lambda r: True))


# What signal_rows reads, for the model card; the annotated rows come from these, and from nlupp-en.
SETS = ("3i4k-ko", "banking77-en", "bitext-support-en", "cfpb-narratives-en", "chatbot-ko", "churn-intent-en-de",
        "clinc150-en", "goemotions-en", "goemotions-mt-ko", "kote-ko", "mams-absa-en", "multidogo-en",
        "naver-shopping-ko", "naver-shopping-ko-unlabelled", "nhs-fft-en", "nhs-fft-phase1-en", "nsmc-ko",
        "stylekqc-ko", "uci-sentences-en")
SETS_ANNOTATED = SETS + ("nlupp-en",)
