/*
 * bench_classify MODEL PHRASES [SECONDS]: what classifying costs, single-threaded, evidence included.
 *
 * Prints microseconds of processor time for each text and for 100 characters. Never asserted: machines differ.
 */
#include "base/utf8.h"
#include "core/classify/classify.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *const texts[] = {
	"배송이 사흘이나 늦었는데 연락도 없고, 상담원 연결까지 40분을 기다렸습니다. 겨우 연결됐더니 기다리라는 말만 "
	"하네요. "
	"이제 다른 곳으로 옮기려고 합니다.",
	"직원분이 정말 친절하게 설명해 주셔서 감사했어요. 덕분에 아이 보험까지 한 번에 정리했습니다. 주변에도 "
	"추천할게요!",
	"혹시 해외에서 결제한 내역을 앱에서 바로 확인할 수 있나요? 환율이 언제 기준으로 적용되는지도 알려주시면 "
	"좋겠습니다.",
	"Third time the technician did not show up, and nobody called. I waited the whole morning for nothing. Cancel "
	"my contract, "
	"I am moving to another provider.",
	"Check-in took two minutes and the room was spotless. The breakfast could be a bit more varied, but we would "
	"happily come "
	"back again next spring.",
	"How long does it take until a returned item is refunded, and do I have to pay for the parcel myself if the "
	"size was wrong?",
};
#define TEXTS (sizeof texts / sizeof texts[0])

/* Processor time: what else runs on the machine doesn't count. */
static int64_t cpu_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double measure(const struct voc_classifier *classifier, struct voc_classify_scratch *scratch,
                      struct voc_str text, int64_t for_ms)
{
	const struct voc_utterance utterance = { .text = text, .channel = VOC_CHANNEL_WEB };
	struct voc_classification result;
	int64_t begin = cpu_us(), now = begin, rounds = 0;
	do {
		for (int i = 0; i < 100; i++)
			voc_classify(classifier, scratch, &utterance, &result);
		rounds += 100;
		now = cpu_us();
	} while (now - begin < for_ms * 1000);
	return (double)(now - begin) / (double)rounds;
}

int main(int argc, char **argv)
{
	struct voc_error error = { .position = -1 };
	struct voc_classifier *classifier = NULL;
	if (argc < 3) {
		fprintf(stderr, "usage: bench_classify MODEL PHRASES [SECONDS]\n");
		return 2;
	}
	int64_t begin = cpu_us();
	if (voc_classifier_open(argv[1], argv[2], &classifier, &error) != VOC_OK) {
		fprintf(stderr, "bench_classify: %s\n", error.text);
		return 1;
	}
	printf("open            %8.2f ms\n", (double)(cpu_us() - begin) / 1e3);
	struct voc_classify_scratch *scratch = voc_classify_scratch_new();
	int64_t seconds = 0;
	if (!scratch || (argc > 3 && !voc_str_to_i64(voc_str_from(argv[3]), &seconds)))
		return 1;
	int64_t each_ms = (seconds > 0 ? seconds : 3) * 1000 / (int64_t)TEXTS;
	double sum = 0;
	for (size_t i = 0; i < TEXTS; i++) {
		struct voc_str text = voc_str_from(texts[i]);
		double us = measure(classifier, scratch, text, each_ms);
		double per_100 = us * 100 / (double)voc_utf8_count(text);
		printf("text %zu %5zu chars %6.2f us %6.2f us/100 chars\n", i + 1, voc_utf8_count(text), us, per_100);
		sum += per_100;
	}
	printf("mean            %8.2f us/100 chars\n", sum / (double)TEXTS);
	voc_classify_scratch_free(scratch);
	voc_classifier_free(classifier);
	return 0;
}
